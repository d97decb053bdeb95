/**
 * The one table of settings. It makes the flags, the environment variables, `--help` and docs/settings.md, and it is read
 * on both sides: by the cli, and by k6 (so that `k6 run dist/shadow.js -e VUS=5` means the same).
 *
 * A key in camelCase gives the flag (`warmUpMs` -> `--warm-up`) and the variable (`WARM_UP`): a unit suffix is not part
 * of the name a person types, since the text carries the unit.
 */
import {
  MOST_PER_S,
  formatArrival,
  formatThinkTime,
  parseArrival,
  parseThinkTime,
  type Arrival,
  type ThinkTime,
} from '../load/arrivals.ts';
import { BadValue, formatDuration, parseDuration, parseNumber } from '../text/units.ts';
import { editDistance, offer } from '../text/nearest.ts';
import { formatMix, parseMix, type Mix } from '../load/mix.ts';
import { SCENARIO_NAMES } from '../jobs/inference/names.ts';
import { APIS } from '../protocols/index.ts';
import { formatSlo, parseSlo, type Slo } from '../figures/slo.ts';

/** What a setting is about; a command takes whole groups. */
export type SettingGroup =
  | 'target'
  | 'answer'
  | 'stream'
  | 'load'
  | 'arrival'
  | 'mix'
  | 'capacity'
  | 'soak'
  | 'effect'
  | 'verdict'
  | 'output'
  | 'stand-in'
  | 'gateway'
  | 'inference'
  | 'server'
  | 'by-hand';

export interface Setting<T> {
  readonly group: SettingGroup;
  /** What a person may write, for help: `DURATION`, `N`, `URL`. Empty for a switch. */
  readonly placeholder: string;
  readonly fallback: T;
  readonly doc: string;
  /** Never a flag, never written down: only from the environment. */
  readonly secret?: true;
  /** May be given more than once; one line of the variable each. */
  readonly repeatable?: true;
  /** @throws BadValue with what is allowed. */
  parse(text: string): T;
  /** The text that `parse` reads back; what goes to k6, the manifest and docs. */
  format(value: T): string;
}

type Options<T> = { group: SettingGroup; fallback: T; doc: string };

const duration = (o: Options<number> & { min?: number; max?: number }): Setting<number> => ({
  ...o,
  placeholder: 'DURATION',
  parse(text) {
    const ms = parseDuration(text);
    const [min, max] = [o.min ?? 0, o.max ?? 7 * 24 * 3_600_000];
    if (ms < min || ms > max)
      throw new BadValue(`"${text}" is out; allowed: ${formatDuration(min)} to ${formatDuration(max)}`);
    return ms;
  },
  format: formatDuration,
});

const number = (o: Options<number> & { min: number; max: number; whole?: boolean }): Setting<number> => ({
  ...o,
  placeholder: 'N',
  parse: (text) => parseNumber(text, o),
  format: String,
});

/** A setting that may be absent: null, written as the empty text. */
function optional<T>(of: Setting<T>, o: Omit<Options<null>, 'fallback'>): Setting<T | null> {
  return {
    ...o,
    fallback: null,
    placeholder: of.placeholder,
    parse: (text) => (text === '' ? null : of.parse(text)),
    format: (value) => (value === null ? '' : of.format(value)),
  };
}

const text = (
  o: Options<string> & { placeholder?: string; allowed?: RegExp; hint?: string },
): Setting<string> => ({
  ...o,
  placeholder: o.placeholder ?? 'TEXT',
  parse(given) {
    if (o.allowed !== undefined && !o.allowed.test(given))
      throw new BadValue(`"${given}" is out; allowed: ${o.hint ?? 'other text'}`);
    return given;
  },
  format: (value) => value,
});

const flag = (o: Options<boolean>): Setting<boolean> => ({
  ...o,
  placeholder: '',
  parse(given) {
    if (['true', '1', 'yes', 'on'].includes(given.toLowerCase())) return true;
    if (['false', '0', 'no', 'off', ''].includes(given.toLowerCase())) return false;
    throw new BadValue(`"${given}" is out; allowed: true or false`);
  },
  format: String,
});

function choice<const T extends string>(o: Options<T> & { of: readonly T[] }): Setting<T> {
  return {
    ...o,
    placeholder: o.of.join('|'),
    parse(given) {
      const found = o.of.find((one) => one === given);
      if (found === undefined) throw new BadValue(`"${given}" is out${offer(given, o.of)}`);
      return found;
    },
    format: (value) => value,
  };
}

/** Several values; one a line in the variable, one a flag on the command line. */
function list<T>(
  of: Setting<T>,
  o: Omit<Options<readonly T[]>, 'fallback'> & { placeholder: string },
): Setting<readonly T[]> {
  return {
    ...o,
    fallback: [],
    repeatable: true,
    parse: (given) =>
      given
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => of.parse(line)),
    format: (values) => values.map((value) => of.format(value)).join('\n'),
  };
}

const slo: Setting<Slo> = {
  group: 'stream',
  placeholder: 'TTFT,TPOT,E2E',
  fallback: {},
  doc: '',
  parse: parseSlo,
  format: formatSlo,
};

/** `16,64,256`: whole numbers, each once. */
const numbers = (
  o: Options<readonly number[]> & { min: number; max: number },
): Setting<readonly number[]> => ({
  ...o,
  placeholder: 'N,N,...',
  parse(given) {
    const values = given.split(',').map((part) => parseNumber(part.trim(), { ...o, whole: true }));
    const twice = values.find((value, i) => values.indexOf(value) !== i);
    if (twice !== undefined) throw new BadValue(`${twice} stands twice in "${given}"; give each once`);
    return values;
  },
  format: (values) => values.join(','),
});

const arrival: Setting<Arrival> = {
  group: 'arrival',
  placeholder: 'HOW',
  fallback: { kind: 'closed' },
  doc: 'closed (clients wait for answers), or an open load: constant, poisson, bursts:on=5s,off=10s,peak=50, trace:FILE',
  parse: parseArrival,
  format: formatArrival,
};

const thinkTime: Setting<ThinkTime> = {
  group: 'load',
  placeholder: 'FROM-TO',
  fallback: { from_ms: 0, to_ms: 0 },
  doc: '',
  parse: parseThinkTime,
  format: formatThinkTime,
};

const mix: Setting<Mix> = {
  group: 'mix',
  placeholder: 'NAME=WEIGHT,...',
  fallback: { llama: 1, chat: 3 },
  doc: 'which endpoints are asked, and how often against each other',
  parse: parseMix,
  format: formatMix,
};

const URL_SHAPE = /^(https?):\/\/([^/?#\s]+)(\/[^?#\s]*)?$/i;

const url: Setting<string> = text({
  group: 'target',
  fallback: '',
  placeholder: 'URL',
  doc: '',
  allowed: URL_SHAPE,
  hint: 'http://HOST[:PORT][/PATH] or https://..., without query or fragment',
});

const path = (o: { group: SettingGroup; doc: string; placeholder?: string }): Setting<string | null> =>
  optional(text({ ...o, fallback: '', placeholder: o.placeholder ?? 'FILE' }), o);

const secret = (doc: string, group: SettingGroup = 'target'): Setting<string | null> => ({
  ...optional(text({ group, fallback: '', doc }), { group, doc }),
  secret: true,
});

const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const SECRET_HEADER = /^(authorization|proxy-authorization|cookie|x-api-key|api-key)$/i;

/** One header to send: a literal value, or the name of the environment variable that holds it. */
export type Header = { readonly name: string } & ({ readonly literal: string } | { readonly env: string });

const header: Setting<Header> = {
  group: 'target',
  placeholder: "'NAME: VALUE'",
  fallback: { name: '', literal: '' },
  doc: '',
  parse(given) {
    const colon = given.indexOf(':');
    const name = given.slice(0, colon).trim();
    const value = given.slice(colon + 1).trim();
    if (colon < 1 || !HEADER_NAME.test(name))
      throw new BadValue(`"${given}" is no header; allowed: 'Name: value' or 'Name: env:VARIABLE'`);
    if (value.startsWith('env:')) {
      const env = value.slice(4);
      if (!/^[A-Za-z_]\w*$/.test(env))
        throw new BadValue(`"${env}" is no variable's name; allowed: 'Name: env:VARIABLE'`);
      return { name, env };
    }
    // The value itself must not be repeated in the refusal: it would end in a log.
    if (SECRET_HEADER.test(name))
      throw new BadValue(
        `${name} would show its secret in the process list and in shell history; write '${name}: env:VARIABLE' and put the value into that variable`,
      );
    return { name, literal: value };
  },
  format: (value) => `${value.name}: ${'env' in value ? `env:${value.env}` : value.literal}`,
};

/** A JSON object, as its text. */
const jsonObject: Setting<Readonly<Record<string, unknown>>> = {
  group: 'effect',
  placeholder: 'JSON',
  fallback: {},
  doc: '',
  parse(given) {
    let value: unknown;
    try {
      value = JSON.parse(given);
    } catch {
      throw new BadValue(`"${given}" is not JSON; allowed: an object, as {"cache_prompt":false}`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new BadValue(`"${given}" is no object; allowed: an object, as {"cache_prompt":false}`);
    return { ...value };
  },
  format: (value) => JSON.stringify(value),
};

export const SETTINGS = {
  // target
  baselineUrl: optional(url, {
    group: 'target',
    doc: "base URL of the server in service; without it the suite's stand-in is started",
  }),
  shadowUrl: optional(url, {
    group: 'target',
    doc: "base URL of the server that may replace it; without it the suite's stand-in is started",
  }),
  baselineLabel: text({
    group: 'target',
    fallback: 'baseline',
    doc: 'what the baseline is, for the report (a version, a model)',
  }),
  shadowLabel: text({
    group: 'target',
    fallback: 'shadow',
    doc: 'what the shadow is, for the report (a version, an adapter)',
  }),
  aa: flag({
    group: 'target',
    fallback: false,
    doc: 'declares an A/A run: both variants are the same server on purpose',
  }),
  header: list(header, {
    group: 'target',
    placeholder: "'NAME: VALUE'",
    doc: "header sent with each request; 'Name: env:VAR' takes the value from the environment",
  }),
  apiKey: secret('bearer token for both servers'),
  shadowApiKey: secret('bearer token for the shadow, where it has its own'),
  caFile: path({
    group: 'target',
    doc: "PEM file of certificate authorities to trust beside the system's (taken as SSL_CERT_FILE)",
  }),
  clientCert: path({ group: 'target', doc: 'PEM file of the client certificate' }),
  clientKey: path({ group: 'target', doc: "PEM file of the client certificate's key" }),
  connectionReuse: flag({
    group: 'target',
    fallback: true,
    doc: 'connections kept between requests; without them each request opens its own',
  }),
  baselineRestart: optional(text({ group: 'target', fallback: '', doc: '', placeholder: "'CMD'" }), {
    group: 'target',
    doc: 'command that redeploys your baseline; run before each further block (--runs)',
  }),
  shadowRestart: optional(text({ group: 'target', fallback: '', doc: '', placeholder: "'CMD'" }), {
    group: 'target',
    doc: 'the same for the shadow',
  }),
  // answer
  endpointPath: text({
    group: 'answer',
    fallback: '/v1/grammar/correct',
    placeholder: 'PATH',
    allowed: /^\/\S*$/,
    hint: 'a path that starts with /',
    doc: 'path that is posted to, below the base URL',
  }),
  answerPath: text({
    group: 'answer',
    fallback: 'corrected',
    placeholder: 'PATH',
    doc: "the corrected sentence's place in the answer",
  }),
  translationPath: text({
    group: 'answer',
    fallback: 'translation',
    placeholder: 'PATH',
    doc: "the translation's place in the answer",
  }),
  costPath: text({
    group: 'answer',
    fallback: 'metadata.cost_eur',
    placeholder: 'PATH',
    doc: "the cost's place in the answer, in EUR",
  }),
  stagesPath: text({
    group: 'answer',
    fallback: 'metadata.stages',
    placeholder: 'PATH',
    doc: "the stages' place in the answer, an object of ms by stage",
  }),
  traceHeader: text({
    group: 'answer',
    fallback: 'X-Trace-Id',
    placeholder: 'NAME',
    allowed: HEADER_NAME,
    hint: "a header's name",
    doc: "response header that carries the server's trace id",
  }),
  // stream
  api: choice({
    group: 'stream',
    fallback: 'chat',
    of: APIS,
    doc: "how the server is asked: OpenAI's chat or text completions, llama.cpp's /completion, or events token ... done",
  }),
  apiPath: optional(
    text({ group: 'stream', fallback: '', doc: '', allowed: /^\/\S*$/, hint: 'a path that starts with /' }),
    {
      group: 'stream',
      doc: "path that is posted to, below the base URL (default the api's own)",
    },
  ),
  model: optional(text({ group: 'stream', fallback: '', doc: '', placeholder: 'NAME' }), {
    group: 'stream',
    doc: 'model to ask for (default the first that /v1/models lists)',
  }),
  shadowModel: optional(text({ group: 'stream', fallback: '', doc: '', placeholder: 'NAME' }), {
    group: 'stream',
    doc: "the shadow's model or adapter (default the same as --model)",
  }),
  stream: flag({
    group: 'stream',
    fallback: true,
    doc: 'streamed answers; without them there is no TTFT, TPOT or ITL',
  }),
  maxTokens: number({
    group: 'stream',
    fallback: 128,
    min: 1,
    max: 1_000_000,
    whole: true,
    doc: 'most tokens of an answer',
  }),
  forceLength: flag({
    group: 'stream',
    fallback: false,
    doc: 'each answer has --max-tokens tokens (ignore_eos and min_tokens, where the server takes them); then a gate',
  }),
  temperature: number({ group: 'stream', fallback: 0, min: 0, max: 5, doc: 'sampling temperature' }),
  body: optional(jsonObject, {
    group: 'stream',
    doc: 'members that each request has beside its own, as {"top_p":0.9}; null takes one out, as {"stream_options":null}',
  }),
  shadowBody: optional(jsonObject, {
    group: 'stream',
    doc: 'the same for the shadow alone, after --body',
  }),
  uniquePrefix: flag({
    group: 'stream',
    fallback: false,
    doc: 'a text of its own before each prompt, so that no prefix cache flatters TTFT',
  }),
  slo: optional(slo, {
    group: 'stream',
    doc: 'objective for goodput, as ttft=200ms,tpot=50ms: the share of all requests sent that meet it',
  }),
  promptLengths: numbers({
    group: 'stream',
    fallback: [16, 64, 256, 512, 1024, 2048],
    min: 1,
    max: 1_000_000,
    doc: 'k6:single: lengths of the prompts, in words',
  }),
  repeats: number({
    group: 'stream',
    fallback: 5,
    min: 1,
    max: 100_000,
    whole: true,
    doc: 'k6:single: measured requests of each prompt length',
  }),
  // load
  vus: number({
    group: 'load',
    fallback: 10,
    min: 1,
    max: 20_000,
    whole: true,
    doc: 'clients (VUs) of each variant, each with one request in flight',
  }),
  durationMs: duration({ group: 'load', fallback: 60_000, min: 1000, doc: 'measured time of each variant' }),
  warmUpMs: duration({
    group: 'load',
    fallback: 5000,
    max: 3_600_000,
    doc: 'load before the measurement; recorded, marked, left out',
  }),
  timeoutMs: duration({
    group: 'load',
    fallback: 10_000,
    min: 10,
    max: 3_600_000,
    doc: 'a request without its whole answer by then has failed',
  }),
  seed: number({
    group: 'load',
    fallback: 1,
    min: 0,
    max: 4_294_967_295,
    whole: true,
    doc: 'seed of the payload sequence (the same for both variants)',
  }),
  payloads: path({
    group: 'load',
    placeholder: 'DIR|FILE',
    doc: "payloads, JSON or JSONL; without it the suite's own labelled set",
  }),
  sampleRate: number({
    group: 'load',
    fallback: 1,
    min: 0,
    max: 1,
    doc: 'share of the answers that are scored against their labels',
  }),
  spreadMs: duration({
    group: 'load',
    fallback: 0,
    max: 3_600_000,
    doc: "the clients' first requests are spread over this time, as of clients that do not know each other",
  }),
  thinkTime: optional(thinkTime, {
    group: 'load',
    doc: 'pause of a client between its requests, drawn anew each time, as 1s-3s',
  }),
  maxRequests: optional(number({ group: 'load', fallback: 0, min: 1, max: 1e9, whole: true, doc: '' }), {
    group: 'load',
    doc: 'most requests of each variant, warm-up included',
  }),
  maxCost: optional(number({ group: 'load', fallback: 0, min: 0, max: 1e9, doc: '' }), {
    group: 'load',
    doc: 'most EUR that the run may cost, both variants together; it stops before that is passed',
  }),
  thresholds: path({
    group: 'load',
    doc: 'limits, targets and gates as JSON, in place of thresholds/<scenario>.json',
  }),
  // arrival
  arrival,
  rate: optional(number({ group: 'arrival', fallback: 0, min: 0.001, max: MOST_PER_S, doc: '' }), {
    group: 'arrival',
    doc: 'open load: requests a second of each variant (of bursts: between them)',
  }),
  maxInFlight: optional(
    number({ group: 'arrival', fallback: 0, min: 1, max: 20_000, whole: true, doc: '' }),
    {
      group: 'arrival',
      doc: 'open load: most requests of each variant in flight; beyond, starts are late (default rate x timeout, at most 500)',
    },
  ),
  // mix
  mix,
  // capacity
  from: number({
    group: 'capacity',
    fallback: 5,
    min: 0.01,
    max: MOST_PER_S,
    doc: 'load of the first step, in clients (or requests/s with --arrival)',
  }),
  to: number({ group: 'capacity', fallback: 50, min: 0.01, max: MOST_PER_S, doc: 'load of the last step' }),
  step: number({
    group: 'capacity',
    fallback: 5,
    min: 0.01,
    max: MOST_PER_S,
    doc: 'from one step to the next',
  }),
  holdMs: duration({
    group: 'capacity',
    fallback: 60_000,
    min: 1000,
    doc: 'measured time of each step',
  }),
  search: flag({
    group: 'capacity',
    fallback: false,
    doc: 'coarse steps, then refined between the last good and the first bad one, in place of every step',
  }),
  resolution: number({
    group: 'capacity',
    fallback: 0.035,
    min: 0.005,
    max: 0.5,
    doc: 'with --search: how near the last good and the first bad load must come, as a share',
  }),
  // soak
  blockMs: optional(duration({ group: 'soak', fallback: 0, min: 1000, doc: '' }), {
    group: 'soak',
    doc: 'the load in blocks of this time, each a k6 process of its own and a checkpoint',
  }),
  // effect
  offHeader: list(header, {
    group: 'effect',
    placeholder: "'NAME: VALUE'",
    doc: 'header that turns the feature off for a request',
  }),
  onHeader: list(header, {
    group: 'effect',
    placeholder: "'NAME: VALUE'",
    doc: 'header that turns it on',
  }),
  offBody: optional(jsonObject, {
    group: 'effect',
    doc: 'members of the request that turn the feature off, as {"cache_prompt":false}',
  }),
  onBody: optional(jsonObject, { group: 'effect', doc: 'members that turn it on' }),
  // verdict
  runs: number({
    group: 'verdict',
    fallback: 1,
    min: 1,
    max: 1000,
    whole: true,
    doc: 'repeats of the whole load, a block each; with stand-ins or restart commands, fresh servers each time',
  }),
  order: choice({
    group: 'verdict',
    fallback: 'parallel',
    of: ['parallel', 'abba'],
    doc: 'both variants at once, or in turn (A B B A) where they share hardware; the measured time is for each variant',
  }),
  untilDecided: flag({
    group: 'verdict',
    fallback: false,
    doc: 'goes on in blocks, looking 3 to 5 times as planned, until every gate is decided or one has failed',
  }),
  maxDurationMs: duration({
    group: 'verdict',
    fallback: 600_000,
    min: 1000,
    doc: 'most measured time of each variant with --until-decided',
  }),
  rule: choice({
    group: 'verdict',
    fallback: 'interval',
    of: ['interval', 'point'],
    doc: 'gates judged by the interval of the difference, or by point figures alone (said in every output)',
  }),
  alpha: number({
    group: 'verdict',
    fallback: 0.025,
    min: 0.0001,
    max: 0.25,
    doc: 'one-sided level of each gate',
  }),
  require: list(text({ group: 'verdict', fallback: '', doc: '' }), {
    group: 'verdict',
    placeholder: 'GATE',
    doc: 'a gate that must be decided even where the data make it advisory (as request_duration_p99)',
  }),
  failOn: choice({
    group: 'verdict',
    fallback: 'fail,inconclusive',
    of: ['fail,inconclusive', 'fail', 'inconclusive', 'none'],
    doc: 'which answers of the gates fail a CI step (exit 1 and 3); failed limits and invalid runs always do',
  }),
  fallbackVus: optional(
    number({ group: 'verdict', fallback: 0, min: 1, max: 20_000, whole: true, doc: '' }),
    {
      group: 'verdict',
      doc: 'where the load machine was the limit, run once more with this many clients, on the record',
    },
  ),
  deploymentNoise: optional(number({ group: 'verdict', fallback: 0, min: 0, max: 1, doc: '' }), {
    group: 'verdict',
    doc: 'log-SD between deployments of one build (default what npm run calibrate -- --live measured)',
  }),
  // output
  out: path({
    group: 'output',
    placeholder: 'DIR',
    doc: 'run directory; must not exist yet (default results/<run-id>)',
  }),
  drainMs: duration({
    group: 'output',
    fallback: 5000,
    max: 600_000,
    doc: 'wait after the load before servers that we started are stopped, so that their traces flush',
  }),
  keepAnswers: flag({
    group: 'output',
    fallback: false,
    doc: "keep the answers' text in the request log (else its SHA-256)",
  }),
  dashboard: flag({
    group: 'output',
    fallback: true,
    doc: 'live k6 web dashboard on 127.0.0.1, and dashboard.html at the end',
  }),
  open: flag({
    group: 'output',
    fallback: false,
    doc: 'open the live dashboard, and the report at the end, in a browser',
  }),
  json: flag({
    group: 'output',
    fallback: false,
    doc: 'comparison.json on standard output in place of the table',
  }),
  // stand-in
  baselineStandIn: text({
    group: 'stand-in',
    fallback: '',
    placeholder: "'ARGS'",
    doc: "further arguments of the baseline's stand-in, as '--profile lab'",
  }),
  shadowStandIn: text({
    group: 'stand-in',
    fallback: '',
    placeholder: "'ARGS'",
    doc: "further arguments of the shadow's stand-in, as '--fault status=0.05:503'",
  }),
  // gateway
  gatewayUrl: optional(url, {
    group: 'gateway',
    doc: "base URL of your gateway; without it the suite's stand-ins are started for each scenario",
  }),
  gatewayToken: secret('bearer token for the gateway', 'gateway'),
  lmControlUrl: optional(url, {
    group: 'gateway',
    doc: "address of the suite's mock LM behind your gateway (node dist/stand-in/lm.js); without it the LM's side can't be seen, nor a storm be made",
  }),
  gatewayLogs: path({
    group: 'gateway',
    placeholder: 'DIR',
    doc: "folder of your gateway's logs, <program>.log; without it they can't be checked",
  }),
  gatewayPrograms: path({
    group: 'gateway',
    doc: 'JSON list of programs, which completes what GET /programs says: name, model, endpoint, inputs, values, outputs, model_field, mode',
  }),
  gatewayUsers: number({
    group: 'gateway',
    fallback: 100,
    min: 1,
    max: 20_000,
    whole: true,
    doc: 'users of load, error-storm and probes, spread evenly over the programs; a fifth of them in routing and log-integrity',
  }),
  gatewayDurationMs: duration({
    group: 'gateway',
    fallback: 15_000,
    min: 1000,
    doc: 'measured time of load; half of it for the storm (a fifth before and after it), a third for the other scenarios',
  }),
  gatewayWarmUpMs: duration({
    group: 'gateway',
    fallback: 3000,
    max: 600_000,
    doc: 'load before the measured time of load; recorded, marked, left out',
  }),
  gatewayTimeoutMs: duration({
    group: 'gateway',
    fallback: 30_000,
    min: 10,
    max: 3_600_000,
    doc: 'a request without its whole answer by then has failed',
  }),
  lmDelayMs: duration({
    group: 'gateway',
    fallback: 500,
    min: 1,
    max: 600_000,
    doc: 'what the LM takes for an answer; limits and the answer cache are judged by it (a controlled LM is set to it)',
  }),
  stormErrorRate: number({
    group: 'gateway',
    fallback: 0.9,
    min: 0,
    max: 1,
    doc: 'share of LM calls that fail in the storm',
  }),
  stormErrorStatus: number({
    group: 'gateway',
    fallback: 500,
    min: 400,
    max: 599,
    whole: true,
    doc: 'status of LM calls that fail in the storm',
  }),
  stormHangRate: number({
    group: 'gateway',
    fallback: 0,
    min: 0,
    max: 1,
    doc: 'share of LM calls that are never answered in the storm',
  }),
  stormDeadlineMs: duration({
    group: 'gateway',
    fallback: 15_000,
    min: 10,
    max: 3_600_000,
    doc: 'every request of the storm must have its answer by then, retries of the gateway included',
  }),
  gatewayLimit: number({
    group: 'gateway',
    fallback: 3,
    min: 1,
    max: 100_000,
    whole: true,
    doc: "backpressure: the gateway's per-program limit (yours must be said; the stand-in is given it)",
  }),
  gatewayBurst: number({
    group: 'gateway',
    fallback: 30,
    min: 2,
    max: 100_000,
    whole: true,
    doc: 'backpressure: requests at once, above the limit',
  }),
  gatewayQueueTimeoutMs: duration({
    group: 'gateway',
    fallback: 3000,
    min: 10,
    max: 3_600_000,
    doc: "backpressure: the longest wait in the gateway's queue, then 429",
  }),
  gatewayLivePath: text({
    group: 'gateway',
    fallback: '/health/live',
    placeholder: 'PATH',
    allowed: /^\/\S*$/,
    hint: 'a path that starts with /',
    doc: 'liveness probe',
  }),
  gatewayReadyPath: text({
    group: 'gateway',
    fallback: '/health/ready',
    placeholder: 'PATH',
    allowed: /^\/\S*$/,
    hint: 'a path that starts with /',
    doc: 'readiness probe',
  }),
  gatewayRequestsMetric: text({
    group: 'gateway',
    fallback: 'gateway_requests_total',
    placeholder: 'NAME',
    allowed: /^[a-zA-Z_:][\w:]*$/,
    hint: "a metric's name",
    doc: "the gateway's own count of requests in /metrics, with a label program; left out where it is absent",
  }),
  lmStopCommand: optional(text({ group: 'gateway', fallback: '', placeholder: "'CMD'", doc: '' }), {
    group: 'gateway',
    doc: "probes: shell command that makes your gateway's LM unreachable, so that ready must turn false",
  }),
  lmStartCommand: optional(text({ group: 'gateway', fallback: '', placeholder: "'CMD'", doc: '' }), {
    group: 'gateway',
    doc: 'probes: shell command that brings that LM back',
  }),
  gatewayStandIn: text({
    group: 'gateway',
    fallback: '',
    placeholder: "'ARGS'",
    doc: "further arguments of the gateway's stand-in, as '--bug context_leak'",
  }),
  lmStandIn: text({
    group: 'gateway',
    fallback: '',
    placeholder: "'ARGS'",
    doc: "further arguments of the LM's stand-in, as '--fault slow=0.1:2000'",
  }),
  // inference
  requests: number({
    group: 'inference',
    fallback: 100,
    min: 1,
    max: 1e7,
    whole: true,
    doc: 'measured requests of each variant, shared by its clients (in a spike: before it, and again after it)',
  }),
  warmUpRequests: optional(
    number({ group: 'inference', fallback: 0, min: 0, max: 1e6, whole: true, doc: '' }),
    {
      group: 'inference',
      doc: 'requests before the measurement; recorded, marked, left out (default one a client)',
    },
  ),
  paceMs: duration({
    group: 'inference',
    fallback: 1500,
    min: 1,
    max: 3_600_000,
    doc: 'sustained: from one request of a client to its next; clients are spread evenly over it',
  }),
  spikeVus: number({
    group: 'inference',
    fallback: 20,
    min: 1,
    max: 20_000,
    whole: true,
    doc: 'spike: clients of each variant in the spike',
  }),
  spikeRequests: number({
    group: 'inference',
    fallback: 100,
    min: 1,
    max: 1e7,
    whole: true,
    doc: 'spike: requests of each variant in the spike',
  }),
  generateTokens: number({
    group: 'inference',
    fallback: 5,
    min: 1,
    max: 100_000,
    whole: true,
    doc: 'max_tokens of each generation (greedy)',
  }),
  // server
  start: optional(text({ group: 'server', fallback: '', doc: '', placeholder: "'CMD'" }), {
    group: 'server',
    doc: 'shell command that starts your server (a profiler may be wrapped around it; RUN_DIR names the run directory); stopped with its children at the end',
  }),
  startWithinMs: duration({
    group: 'server',
    fallback: 120_000,
    min: 100,
    max: 3_600_000,
    doc: 'a started server must answer its health endpoint by then',
  }),
  noServer: flag({
    group: 'server',
    fallback: false,
    doc: 'start nothing: the server runs already, on --port of this machine',
  }),
  port: optional(number({ group: 'server', fallback: 0, min: 1, max: 65_535, whole: true, doc: '' }), {
    group: 'server',
    doc: "port of the server on 127.0.0.1 (default 8080 with --start or --no-server; any free one for the suite's stand-in)",
  }),
  pid: optional(number({ group: 'server', fallback: 0, min: 1, max: 4_194_304, whole: true, doc: '' }), {
    group: 'server',
    doc: 'process of a running server, whose CPU and memory are then watched, children included',
  }),
  healthPath: text({
    group: 'server',
    fallback: '/health',
    placeholder: 'PATH',
    allowed: /^\/\S*$/,
    hint: 'a path that starts with /',
    doc: 'path that answers 2xx once a started server is ready',
  }),
  metricsPath: text({
    group: 'server',
    fallback: '/metrics',
    placeholder: 'PATH',
    allowed: /^\/\S*$/,
    hint: 'a path that starts with /',
    doc: "the server's Prometheus metrics, read each second",
  }),
  serverMetrics: text({
    group: 'server',
    fallback: 'http_requests_total,http_request_duration_seconds,http_requests_in_flight',
    placeholder: 'NAMES',
    allowed: /^[a-zA-Z_:][\w:]*(,[a-zA-Z_:][\w:]*)*$/,
    hint: 'names of metrics, comma between them',
    doc: 'metrics to watch during the load; one that the server has not is reported as absent',
  }),
  modelMemoryMb: optional(number({ group: 'server', fallback: 0, min: 0, max: 1e7, doc: '' }), {
    group: 'server',
    doc: 'MiB that the loaded model takes by itself (default what the server has before the load)',
  }),
  gpuMetrics: optional(url, {
    group: 'server',
    doc: "metrics URL of DCGM's exporter (default nvidia-smi where there is one)",
  }),
  // by-hand
  inferenceScenario: optional(
    choice({ group: 'by-hand', fallback: 'generate', of: SCENARIO_NAMES, doc: '' }),
    {
      group: 'by-hand',
      doc: 'which load dist/inference.js runs: k6 run dist/inference.js -e INFERENCE_SCENARIO=spike (npm run k6:<name> sets it)',
    },
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type SettingName = keyof typeof SETTINGS;
type ValueOf<S> = S extends Setting<infer T> ? T : never;
/** Every setting's value; durations in ms, money in EUR. */
export type Settings = { readonly [K in SettingName]: ValueOf<(typeof SETTINGS)[K]> };

export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS).filter(
  (name): name is SettingName => name in SETTINGS,
);

/** `warmUpMs` -> `warm-up`. */
export function flagName(name: SettingName): string {
  return name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `warmUpMs` -> `WARM_UP`. */
export function envName(name: SettingName): string {
  return flagName(name).replaceAll('-', '_').toUpperCase();
}

/** Where a value came from; the manifest keeps it. */
export type SettingSource = 'default' | 'environment' | 'flag' | 'job';

export interface ParsedSettings {
  readonly settings: Settings;
  readonly sources: Readonly<Record<SettingName, SettingSource>>;
  /** One line a refused value. Where there is any, `settings` must not be used. */
  readonly problems: readonly string[];
}

export interface SettingTexts {
  /** Flag texts by setting. */
  readonly flags: Readonly<Partial<Record<SettingName, string>>>;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values that a job sets in place of the table's defaults. */
  readonly job: Readonly<Partial<Record<SettingName, string>>>;
}

/** Reads every setting: flag, else variable, else the job's own default, else the table's. */
export function parseSettings(given: SettingTexts): ParsedSettings {
  const values: Record<string, unknown> = {};
  const sources: Record<string, SettingSource> = {};
  const problems: string[] = [...misspeltVariables(given.env)];
  for (const name of SETTING_NAMES) {
    const setting: Setting<unknown> = SETTINGS[name];
    const candidates: readonly [SettingSource, string | undefined, string][] = [
      ['flag', setting.secret === true ? undefined : given.flags[name], `--${flagName(name)}`],
      ['environment', given.env[envName(name)] === '' ? undefined : given.env[envName(name)], envName(name)],
      ['job', given.job[name], name],
    ];
    const found = candidates.find(([, value]) => value !== undefined);
    values[name] = setting.fallback;
    sources[name] = found?.[0] ?? 'default';
    if (found?.[1] === undefined) continue;
    try {
      values[name] = setting.parse(found[1]);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      problems.push(`${found[2]}: ${error.message}`);
    }
  }
  // The loop above filled every key of the table from that key's own parser: the one place where the compiler can't follow.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const parsed = { settings: values, sources } as unknown as Omit<ParsedSettings, 'problems'>;
  return {
    ...parsed,
    problems: problems.concat(problems.length === 0 ? contradictions(parsed.settings) : []),
  };
}

/** The texts that {@link parseSettings} reads back as the same settings; secrets left out. */
export function formatSettings(settings: Settings): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const name of SETTING_NAMES) {
    const setting: Setting<unknown> = SETTINGS[name];
    if (setting.secret !== true) texts[envName(name)] = setting.format(settings[name]);
  }
  return texts;
}

function contradictions(settings: Settings): string[] {
  const problems: string[] = [];
  if ((settings.clientCert === null) !== (settings.clientKey === null))
    problems.push('--client-cert and --client-key go together: give both or neither');
  if (settings.gatewayLimit >= settings.gatewayBurst)
    problems.push(
      `--gateway-limit ${settings.gatewayLimit} is not below --gateway-burst ${settings.gatewayBurst}: nothing would queue; give a burst of more than ${settings.gatewayLimit} requests`,
    );
  if ((settings.lmStopCommand === null) !== (settings.lmStartCommand === null))
    problems.push('--lm-stop-command and --lm-start-command go together: give both or neither');
  if (settings.shadowUrl !== null && settings.baselineUrl === null)
    problems.push(
      '--shadow-url is given without --baseline-url: a shadow is compared with a baseline of yours, not with the stand-in; give both',
    );
  problems.push(...arrivalProblems(settings));
  const ways = [
    settings.start === null ? null : '--start',
    settings.noServer ? '--no-server' : null,
    settings.baselineUrl === null ? null : '--baseline-url',
  ].filter((way) => way !== null);
  if (ways.length > 1)
    problems.push(`${ways.join(' and ')} are different ways to name the server; give one of them`);
  if (settings.pid !== null && settings.start !== null)
    problems.push('--pid is given with --start: a server that we start is watched anyway; drop --pid');
  if (settings.api === 'events' && !settings.stream)
    problems.push('--api events always streams; drop --no-stream, or give another --api');
  if (!settings.stream && (settings.slo?.ttft !== undefined || settings.slo?.tpot !== undefined))
    problems.push(
      '--slo names ttft or tpot, which an answer that comes whole does not have; drop --no-stream, or give e2e alone',
    );
  return problems;
}

/** Whether the rate and the way to arrive go together; of a ramp the steps are the rate. Null: they do. */
export function rateProblem({ arrival: how, rate }: Pick<Settings, 'arrival' | 'rate'>): string | null {
  if ((how.kind === 'constant' || how.kind === 'poisson') && rate === null)
    return `--arrival ${how.kind} needs the requests a second: give --rate`;
  if ((how.kind === 'closed' || how.kind === 'trace') && rate !== null)
    return `--rate goes with --arrival constant, poisson or bursts; ${how.kind === 'trace' ? 'a trace has times of its own' : 'clients of a closed loop wait for their answers'}`;
  return null;
}

function arrivalProblems({ arrival: how, thinkTime: think, from, to, step, search }: Settings): string[] {
  const problems: string[] = [];
  if (how.kind !== 'closed' && think !== null)
    problems.push('--think-time is of clients in a closed loop; an open load has its schedule: drop one');
  if (to < from)
    problems.push(
      `--to ${to} lies below --from ${from}: the steps would end before they start; give --to ${from} or more`,
    );
  else if (!search && (to - from) / step > 1000)
    problems.push(`--step ${step} makes ${Math.floor((to - from) / step) + 1} steps; allowed: 1000`);
  return problems;
}

/** A variable one edit away from a setting's name is a typo that would silently become a default. */
function misspeltVariables(env: SettingTexts['env']): string[] {
  const known = SETTING_NAMES.map(envName).filter((name) => name.length >= 7);
  const all = new Set(SETTING_NAMES.map(envName));
  return Object.keys(env).flatMap((given) => {
    if (all.has(given) || given.length < 7) return [];
    const meant = known.find(
      (name) => Math.abs(name.length - given.length) <= 1 && editDistance(name, given) === 1,
    );
    return meant === undefined
      ? []
      : [`the environment has ${given}, which is no setting; did you mean ${meant}? (unset it otherwise)`];
  });
}
