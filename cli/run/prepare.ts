/** Everything that can be refused is refused here, in the order of what it costs, before any load. */
import { isClosed, rateRule } from '../../domain/load/arrivals.ts';
import { jsonValue } from '../../domain/text/json.ts';
import { join } from 'node:path';
import { planBlocks, type BlocksPlan } from '../../domain/load/blocks.ts';
import { promptOfLength } from '../../domain/load/prompt.ts';
import { answerFields } from '../../domain/quality/answer-fields.ts';
import { rateProblem } from '../../domain/settings/contradictions.ts';
import { flagName } from '../../domain/settings/parse.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import { BASELINE } from '../../domain/variants.ts';
import type { Price } from '../../domain/quality/price.ts';
import { promptsOfLengths, singleRequests } from '../../domain/load/single.ts';
import { withinReach, type LeftOut } from '../../domain/verdict/left-out.ts';
import { assertGateIds, fitting, parseThresholds, type Thresholds } from '../../domain/verdict/thresholds.ts';
import { UsageError, userPath, type Io } from '../io.ts';
import { apisOf, type Job } from '../jobs/loads.ts';
import {
  LABELLED,
  PROMPTS,
  promptsFor,
  readPayloads,
  unlabelledSet,
  withFurther,
  type PayloadSet,
  type PromptUse,
} from '../read/payloads.ts';
import { absolutePaths, readNamed } from '../read/named-file.ts';
import { readTrace, type Trace } from '../read/trace.ts';
import { assertOutIsFree } from './directory.ts';

export interface Prepared {
  /** Paths are absolute. */
  readonly settings: Settings;
  readonly thresholds: Thresholds;
  /** Gates that this load can't fill. */
  readonly left_out: readonly LeftOut[];
  readonly payloads: PayloadSet;
  readonly plan: BlocksPlan;
  /** [offset in ms, place of the payload] of each request, where a trace is replayed. */
  readonly starts: Trace['starts'] | null;
}

/**
 * @param own payloads in place of those that job and settings name
 * @throws UsageError, BadValue
 */
export function prepare(io: Io, job: Job, given: Settings, own?: PayloadSet): Prepared {
  let settings = absolutePaths(io, given);
  assertOutIsFree(io, settings.out);
  const in_service = settingsFor(settings, BASELINE);
  for (const candidate of job.variants) {
    const { url, named } = settingsFor(settings, candidate);
    if (in_service.url === null || url !== null) continue;
    const flag = `--${flagName(named.url)}`;
    throw new UsageError(
      `--${flagName(in_service.named.url)} is given without ${flag}: a server of yours is compared with a ${candidate} of yours, not with the stand-in; give ${flag}, or run k6:baseline for one server`,
    );
  }
  for (const [flag, path] of [
    ['--ca-file', settings.caFile],
    ['--client-cert', settings.clientCert],
    ['--client-key', settings.clientKey],
  ] as const) {
    if (path !== null) readNamed(path, flag);
  }
  for (const header of settings.header) {
    if ('env' in header && (io.env[header.env] ?? '') === '')
      throw new UsageError(
        `--header '${header.name}: env:${header.env}': the variable ${header.env} is empty or missing; set it`,
      );
  }
  const thresholds =
    settings.thresholds === null
      ? fitting(parseThresholds(job.thresholds, `thresholds/${job.scenario}.json`), settings)
      : readThresholds(settings.thresholds);
  assertGateIds(settings.require, thresholds);
  if (asksStandIns(job, settings)) settings = { ...settings, price: STAND_IN_PRICE };
  let payloads = own ?? payloadsOf(io, job, settings);
  let starts: Trace['starts'] | null = null;
  const { arrival } = settings;
  if (job.ramp) settings = openRamp(settings);
  else {
    const problem = rateProblem(settings);
    if (problem !== null) throw new UsageError(problem);
  }
  if (arrival.kind === 'trace') {
    if (job.ramp)
      throw new UsageError('a ramp has loads of its own; --arrival trace:FILE is for the other jobs');
    const ids = payloads.payloads.map(({ id }) => id);
    const file = userPath(io, arrival.file);
    const trace = readTrace(file, arrival.file, ids, job.payloads !== 'labelled', settings.seed);
    starts = trace.starts;
    if (trace.own.length > 0)
      payloads = withFurther(
        payloads,
        `${payloads.source} and ${arrival.file}`,
        trace.own.map((one, i) => PROMPTS.parse(one, arrival.file, `trace-${i}`)),
      );
    // A trace is replayed whole.
    settings = { ...settings, durationMs: Math.max(1000, Math.ceil(trace.last_ms + 1) - settings.warmUpMs) };
  }
  return {
    settings:
      job.payloads === 'lengths'
        ? { ...settings, maxRequests: singleRequests(settings, payloads.payloads.length) }
        : settings,
    ...withinReach(thresholds, {
      metrics: payloads.metrics,
      costed: isCosted(job, settings),
      temperature: job.language_model ? settings.temperature : null,
      required: settings.require,
    }),
    payloads,
    starts,
    plan: job.ramp ? { blocks: [], looks: [], gap_ms: RAMP_GAP_MS } : planBlocks(settings, job.variants),
  };
}

/** A small model's usual price, so that a first run shows what answers cost. No server of the user's gets a price unasked. */
const STAND_IN_PRICE: Price = { prompt: 0.5, cached: 0.25, completion: 1.5 };

const asksStandIns = (job: Job, settings: Settings): boolean =>
  job.language_model &&
  !job.ramp &&
  settings.price === null &&
  settings.pricePerHour === null &&
  job.variants.every((variant) => settingsFor(settings, variant).url === null);

/** Whether answers have a cost: one of their own, or by a price. */
const isCosted = (job: Job, settings: Settings): boolean =>
  settings.price !== null ||
  settings.pricePerHour !== null ||
  (job.stand_in === 'grammar' && settings.costPath !== NO_COST_PATH);

/** What --cost-path says of a service without costs. */
const NO_COST_PATH = 'none';

/** What an overloaded step left in the server's queue must not fall on the next. */
const RAMP_GAP_MS = 500;

/** `--rate R` makes a ramp's steps requests a second, the first of them R. */
function openRamp(settings: Settings): Settings {
  const { rate, arrival } = settings;
  if (rateRule(arrival) === 'optional')
    throw new UsageError(
      `--arrival ${arrival.kind} has a rate of its own; a ramp takes closed, constant or poisson`,
    );
  if (rate === null) return settings;
  if (rate > settings.to)
    throw new UsageError(
      `--rate ${rate} lies above --to ${settings.to}: the steps would end before they start`,
    );
  return { ...settings, from: rate, arrival: isClosed(arrival) ? { kind: 'constant' } : arrival };
}

function payloadsOf(io: Io, job: Job, settings: Settings): PayloadSet {
  const read = (path: string, shown: string): PayloadSet =>
    job.payloads === 'labelled'
      ? readPayloads(path, shown, LABELLED, answerFields(settings))
      : readPayloads(path, shown, promptsFor(useOf(job, settings)));
  if (settings.payloads !== null) return read(userPath(io, settings.payloads), settings.payloads);
  switch (job.payloads) {
    case 'labelled':
      return { ...read(join(io.root, 'dist', 'payloads.json'), 'payloads/'), source: "the suite's own" };
    case 'prompts':
      return { ...read(join(io.root, 'dist', 'prompts.json'), 'payloads/'), source: "the suite's own" };
    case 'one':
      return unlabelledSet('one prompt, the same each time', [promptOfLength(ONE_LENGTH, settings.seed)]);
    case 'lengths':
      return unlabelledSet(
        `prompts of ${settings.promptLengths.join(', ')} words`,
        promptsOfLengths(settings),
      );
  }
}

function useOf(job: Job, settings: Settings): PromptUse {
  const naming = job.variants
    .map((variant) => settingsFor(settings, variant))
    .find(({ model }) => model !== null);
  return {
    as_text: !job.language_model || apisOf(job, settings).some((one) => one !== 'chat'),
    model_flag: naming === undefined ? null : `--${flagName(naming.named.model)}`,
  };
}

/** Words: long enough for a prefill that a cache can spare. */
const ONE_LENGTH = 512;

/** @throws UsageError, BadValue */
export function readThresholds(file: string): Thresholds {
  const text = readNamed(file, '--thresholds');
  return parseThresholds(jsonValue(text, `--thresholds ${file}`), file);
}
