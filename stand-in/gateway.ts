// A gateway in front of a language model, in the shapes of dspy-cli 0.1.13: several programs, each with its own model.
import type { IncomingHttpHeaders } from 'node:http';
import { availableParallelism } from 'node:os';
import * as v from 'valibot';
import { type Bug, type GatewayFlags, bugHelp, flags } from './gateway/flags.ts';
import { Limiter } from './gateway/limiter.ts';
import { LmClient, LmFailure, type Said } from './gateway/lm-client.ts';
import { type LogEntry, ProgramLog } from './gateway/log.ts';
import { gatewayMetrics } from './gateway/metrics.ts';
import { MODEL_FIELD, type Program, described, readPrograms } from './gateway/programs.ts';
import { Readiness } from './gateway/readiness.ts';
import { faultHelp, serverFaults, transportFaults } from './kit/faults.ts';
import { defaultsOf } from './kit/command-line.ts';
import { WorkerPool } from './kit/pool.ts';
import { type Host, type Running, processHost, runAsMain } from './kit/process.ts';
import type { Answer } from './kit/respond.ts';
import { StandIn } from './kit/server.ts';
import { sleep } from './kit/sleep.ts';

const fault_rules = { ...transportFaults, ...serverFaults };

type Texts = Readonly<Record<string, string>>;

/** The bug context_leak: what belongs to a request is kept where all requests write it. */
let current_model = '';

const html_error: Answer = {
  status: 500,
  content_type: 'text/html; charset=utf-8',
  body: '<!doctype html><title>Internal Server Error</title><h1>Internal Server Error</h1>',
};

const Drain = v.optional(v.object({ draining: v.optional(v.boolean(), true) }), {});

/** What the client gets where the LM failed. */
function answerFailure(bug: Bug, detail: string, host: Host): Answer | 'never' {
  if (bug === 'html_error') return html_error;
  if (bug === 'hang_on_error') return 'never';
  if (bug === 'crash_on_error') {
    host.log(`gateway: crash on '${detail}'`);
    host.exit(1);
    return 'never';
  }
  return { status: 500, body: { detail } };
}

/** The paths that ask for the token. */
const isGuarded = (path: string): boolean => !path.startsWith('/health/') && path !== '/metrics';

/** Starts the gateway in this process. @throws {BadValue} at bad flags or logs; rejects where the port is taken */
export async function start(given: Partial<GatewayFlags> = {}, host: Host = processHost): Promise<Running> {
  const options = { ...defaultsOf(flags), ...given };
  const { bug, logs } = options;
  const token = process.env['GATEWAY_TOKEN'] ?? '';
  const programs = readPrograms(options.program);
  const endpoints = programs.map(({ name }) => `/${name}`);
  const leak = bug === 'memory_leak' ? ['leak=1:256'] : [];
  const server = new StandIn({
    ...options,
    server: 'gateway',
    workers: options.sync_workers ?? Math.min(32, availableParallelism() + 4),
    fault: [...options.fault, ...leak],
    fault_path: options.fault_path.length > 0 ? options.fault_path : endpoints,
    fault_rules,
    host,
    wordProblem: ({ status, message }) => ({ status, body: { detail: message } }),
    refuse: (path, headers) => (token === '' || !isGuarded(path) ? null : toLogin(headers, token)),
  });

  const limit = options.max_concurrent_per_program === 0 ? Infinity : options.max_concurrent_per_program;
  const queue_timeout_ms = bug === 'instant_429' ? 0 : options.queue_timeout_s * 1000;
  const limiterOf = () => new Limiter(bug === 'ignored_limit' ? Infinity : limit, queue_timeout_ms);
  const limiters = new Map(programs.map(({ name }) => [name, limiterOf()]));
  const metrics = gatewayMetrics(server.registry, limiters);
  const lm = new LmClient(options, () => metrics.lm_calls.inc());
  const lm_lane = new WorkerPool(bug === 'blocking_call' ? 1 : Infinity);
  const cache = options.answer_cache === 'on' || bug === 'cache_on' ? new Map<string, Promise<Said>>() : null;
  const log_bug = bug === 'torn_log' || bug === 'lost_log' || bug === 'doubled_log' ? bug : null;
  const open_logs: ProgramLog[] = [];
  const readiness = new Readiness(() => lm.reachable(), options.ready_poll_ms);

  /** Asks the program's model. @throws {LmFailure} */
  async function think({ name, model }: Program, inputs: Texts): Promise<Said> {
    if (bug === 'context_leak') current_model = model;
    // The real one parses and renders its prompt here; other requests run meanwhile.
    await sleep(1);
    const asked = bug === 'context_leak' ? current_model : model;
    return lm_lane.run(() => lm.ask(asked, `You are the program ${name}.`, JSON.stringify(inputs)));
  }

  function thinkOnce(program: Program, inputs: Texts): Promise<Said> {
    if (cache === null) return think(program, inputs);
    const key = JSON.stringify([program.name, inputs]);
    const known = cache.get(key);
    if (known !== undefined) return known;
    const thought = think(program, inputs);
    cache.set(key, thought);
    thought.catch(() => cache.delete(key));
    return thought;
  }

  function serve(program: Program, limiter: Limiter): void {
    const { name, model, mode } = program;
    const log = new ProgramLog(logs, name, log_bug);
    open_logs.push(log);
    const shape = v.object(Object.fromEntries(program.inputs.map((field) => [field, v.string()])));
    const count = (outcome: 'ok' | 'lm_error' | 'rejected') =>
      metrics.requests.inc({ program: name, outcome });
    server.post(`/${name}`, shape, async (inputs: Texts, work): Promise<Answer | null> => {
      const started = performance.now();
      const note = (result: Pick<LogEntry, 'outputs' | 'success' | 'error'>) =>
        log.append({
          timestamp: new Date().toISOString(),
          program: name,
          model,
          duration_ms: Math.round((performance.now() - started) * 1000) / 1000,
          inputs,
          ...result,
        });
      const entry = await limiter.enter();
      if (entry === 'refused') {
        const error = `${name} is busy: no place in the queue's ${queue_timeout_ms / 1000} s`;
        count('rejected');
        note({ outputs: {}, success: false, error });
        return { status: 429, headers: { 'retry-after': '1' }, body: { detail: error } };
      }
      try {
        if (work.extra_ms > 0) await sleep(work.extra_ms);
        const thinking = () => thinkOnce(program, inputs);
        const said = await (mode === 'sync' ? server.pool.run(thinking) : thinking());
        const outputs = { [program.output]: said.text, [MODEL_FIELD]: said.model };
        count('ok');
        note({ outputs, success: true });
        return { body: outputs };
      } catch (error) {
        if (!(error instanceof LmFailure)) throw error;
        count('lm_error');
        note({ outputs: {}, success: false, error: error.message });
        const answered = answerFailure(bug, error.message, host);
        if (answered !== 'never') return answered;
        work.takeOver();
        return null;
      } finally {
        if (bug !== 'limit_never_released' || entry !== 'queued') limiter.leave();
      }
    });
  }

  const probe = (path: string, answered: () => Answer) =>
    server.get(path, () =>
      bug === 'probe_behind_queue' ? server.pool.run(async () => answered()) : Promise.resolve(answered()),
    );
  probe('/health/live', () => ({ body: { status: 'alive' } }));
  probe('/health/ready', () => {
    const obstacle = bug === 'ready_always_true' ? null : readiness.obstacle;
    return obstacle === null
      ? { body: { status: 'ready', programs: programs.length } }
      : { status: 503, body: { status: 'not ready', reason: obstacle } };
  });
  server.get('/programs', async () => ({ body: { programs: programs.map(described) } }));
  server.post('/control/drain', Drain, async ({ draining }) => {
    readiness.draining = draining;
    return { body: { draining } };
  });
  for (const program of programs) {
    const limiter = limiters.get(program.name);
    if (limiter !== undefined) serve(program, limiter);
  }
  await readiness.look();
  const running = await server.listen();
  return {
    ...running,
    close: async () => {
      readiness.stop();
      await running.close();
      lm.close();
      for (const log of open_logs) log.close();
    },
  };
}

function toLogin({ authorization }: IncomingHttpHeaders, token: string): Answer | null {
  return authorization === `Bearer ${token}`
    ? null
    : { status: 303, headers: { location: '/login' }, body: '' };
}

runAsMain(import.meta.url, {
  server: 'gateway',
  flags,
  help: `\n${bugHelp}\n${faultHelp(fault_rules)}`,
  start,
  variantOf: ({ variant }) => variant,
});
