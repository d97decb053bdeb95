// The mock language model behind the gateway: slow, honest about which model it was asked for, and failing at will.
import * as v from 'valibot';
import { commonFlags } from './kit/common.ts';
import { faultHelp, serverFaults, transportFaults } from './kit/faults.ts';
import { defaultsOf } from './kit/command-line.ts';
import { absent, number, setting } from '../domain/settings/kinds.ts';
import type { Values } from '../domain/settings/parse.ts';
import { BadValue } from '../domain/text/units.ts';
import { type Host, type Running, processHost, runAsMain } from './kit/process.ts';
import { randomFor } from './kit/random.ts';
import type { Answer } from './kit/respond.ts';
import { StandIn } from './kit/server.ts';
import { sleep } from './kit/sleep.ts';

const CHAT = '/v1/chat/completions';

const { port, seed, fault, fault_path } = commonFlags;

const flags = {
  port,
  seed,
  delay_ms: setting(number({ min: 0, max: 3_600_000 }), 500, 'what every answer takes, errors included'),
  error_rate: absent(
    number({ min: 0, max: 1 }),
    'share of calls that fail (default the variable MOCK_ERROR_RATE, else 0)',
  ),
  error_status: setting(number({ min: 400, max: 599, whole: true }), 500, 'status of those that fail'),
  hang_rate: setting(number({ min: 0, max: 1 }), 0, 'share of calls that are never answered'),
  fault,
  fault_path,
};

export type LmFlags = Values<typeof flags>;

const fault_rules = { ...transportFaults, ...serverFaults };

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** What can be set at run time. */
const Settings = v.object({
  delay_ms: v.pipe(v.number(), v.minValue(0), v.maxValue(3_600_000)),
  error_rate: share,
  error_status: v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)),
  hang_rate: share,
});
const SettingsChange = v.partial(v.strictObject(Settings.entries));

const Message = v.object({ role: v.string(), content: v.string() });
const ChatRequest = v.object({ model: v.string(), messages: v.pipe(v.array(Message), v.minLength(1)) });

/** Counts since the start or the last reset; what is in flight stays. */
class Tally {
  #received = 0;
  #served = 0;
  #errors = 0;
  #hung = 0;
  #in_flight = 0;
  #peak_in_flight = 0;

  enter(): void {
    this.#received++;
    this.#in_flight++;
    this.#peak_in_flight = Math.max(this.#peak_in_flight, this.#in_flight);
  }

  leave(how: 'served' | 'failed' | 'hung'): void {
    this.#in_flight--;
    if (how === 'served') this.#served++;
    else if (how === 'failed') this.#errors++;
    else this.#hung++;
  }

  reset(): void {
    this.#received = this.#in_flight;
    this.#peak_in_flight = this.#in_flight;
    this.#served = this.#errors = this.#hung = 0;
  }

  get counts() {
    return {
      received: this.#received,
      served: this.#served,
      errors: this.#errors,
      hung: this.#hung,
      in_flight: this.#in_flight,
      peak_in_flight: this.#peak_in_flight,
    };
  }
}

/** MOCK_ERROR_RATE, or 0 where it isn't set. @throws {BadValue} where it is no share */
function rateOfEnvironment(): number {
  const given = process.env['MOCK_ERROR_RATE'] ?? '';
  const rate = given.trim() === '' ? 0 : Number(given);
  if (!(rate >= 0 && rate <= 1))
    throw new BadValue(`MOCK_ERROR_RATE is '${given}'; allowed: a number from 0 to 1`);
  return rate;
}

const error = (status: number, message: string): Answer => ({
  status,
  body: { error: { message, type: 'mock_error', param: null, code: status } },
});

/** Starts the LM in this process. @throws {BadValue} at bad flags; rejects where the port is taken */
export async function start(given: Partial<LmFlags> = {}, host: Host = processHost): Promise<Running> {
  const options = { ...defaultsOf(flags), ...given };
  const server = new StandIn({
    ...options,
    server: 'lm',
    variant: 'baseline',
    workers: Infinity,
    fault_path: options.fault_path.length > 0 ? options.fault_path : [CHAT],
    fault_rules,
    host,
    wordProblem: ({ status, message }) => error(status, message),
  });
  const first_settings = { ...options, error_rate: options.error_rate ?? rateOfEnvironment() };
  let settings = v.parse(Settings, first_settings);
  const all = new Tally();
  const by_model = new Map<string, Tally>();

  function talliesOf(model: string): readonly Tally[] {
    let own = by_model.get(model);
    if (own === undefined) by_model.set(model, (own = new Tally()));
    return [all, own];
  }

  const state = () => ({
    ...settings,
    ...all.counts,
    by_model: Object.fromEntries([...by_model].map(([model, tally]) => [model, tally.counts])),
  });

  server.health(() => ({ status: 'ok', server: 'lm' }));
  server.get('/control', async () => ({ body: state() }));
  server.post('/control', SettingsChange, async (change) => {
    settings = v.parse(Settings, { ...settings, ...change });
    return { body: state() };
  });
  /** Counters only: the settings stay. */
  server.post('/control/reset', v.unknown(), async () => {
    for (const tally of [all, ...by_model.values()]) tally.reset();
    return { body: state() };
  });
  server.post(CHAT, ChatRequest, async ({ model, messages }, work): Promise<Answer | null> => {
    const { delay_ms, error_rate, error_status, hang_rate } = settings;
    const random = randomFor(options.seed, 'fate', work.index);
    const fate = random();
    const tallies = talliesOf(model);
    for (const tally of tallies) tally.enter();
    const leave = (how: 'served' | 'failed' | 'hung'): void => {
      for (const tally of tallies) tally.leave(how);
    };
    if (fate < hang_rate) {
      work.takeOver().once('close', () => leave('hung'));
      return null;
    }
    await sleep(delay_ms * work.slowdown + work.extra_ms);
    if (random() < error_rate) {
      leave('failed');
      return error(error_status, `mock error ${error_status} for ${model}`);
    }
    leave('served');
    const input = messages.findLast(({ role }) => role === 'user')?.content ?? '';
    return {
      body: {
        id: `chatcmpl-${work.trace_id}`,
        object: 'chat.completion',
        created: Math.floor(Date.now() / 1000),
        model,
        choices: [
          {
            index: 0,
            // The asked model and the input: who got whose answer can be told from it.
            message: { role: 'assistant', content: JSON.stringify({ model, input }) },
            finish_reason: 'stop',
          },
        ],
        usage: { prompt_tokens: 16, completion_tokens: 16, total_tokens: 32 },
      },
    };
  });
  return server.listen();
}

runAsMain(import.meta.url, {
  server: 'lm',
  flags,
  help: `\n${faultHelp(fault_rules)}`,
  start,
  variantOf: () => null,
});
