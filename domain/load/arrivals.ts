/**
 * When requests are sent, as a schedule of start times that is made before the load: the same for both variants, the same
 * for the same seed. An open load waits for nobody: latency counts from the scheduled start.
 */
import { isFields, type Fields } from '../text/fields.ts';
import { parseJsonText } from '../text/json.ts';
import { offer } from '../text/nearest.ts';
import { mix32 } from '../statistics/random.ts';
import { seededRandom } from '../statistics/random.ts';
import { BadValue, formatDuration, parseDuration, parseNumber } from '../text/units.ts';

/**
 * `closed`: clients that wait for their answers. `constant`: even gaps. `poisson`: independent users, exponential gaps.
 * `bursts`: Poisson at `peak_per_s` for `on_ms`, at the rate (default none) for `off_ms`, and again. `trace`: as recorded.
 */
export type Arrival =
  | { readonly kind: 'closed' }
  | { readonly kind: 'constant' }
  | { readonly kind: 'poisson' }
  | { readonly kind: 'bursts'; readonly on_ms: number; readonly off_ms: number; readonly peak_per_s: number }
  | { readonly kind: 'trace'; readonly file: string };

type Kind = Arrival['kind'];

/** What the other settings have to do with each way to arrive. `rate`: what --rate is beside it. */
const RULES: Readonly<
  Record<Kind, { readonly closed: boolean; readonly rate: 'needed' | 'optional' | 'refused' }>
> = {
  closed: { closed: true, rate: 'refused' },
  constant: { closed: false, rate: 'needed' },
  poisson: { closed: false, rate: 'needed' },
  bursts: { closed: false, rate: 'optional' },
  trace: { closed: false, rate: 'refused' },
};
const KINDS: readonly Kind[] = Object.keys(RULES).filter((kind): kind is Kind => kind in RULES);

/** Clients wait for their answers; else requests come by a schedule, whatever the server does. */
export const isClosed = ({ kind }: Arrival): boolean => RULES[kind].closed;

export const rateRule = ({ kind }: Arrival): 'needed' | 'optional' | 'refused' => RULES[kind].rate;

const BURSTS_SHAPE = 'bursts:on=5s,off=10s,peak=50';

/** Requests a second that one machine can be asked for. */
export const MOST_PER_S = 20_000;
/** Starts of one schedule: all of them are held in memory. */
export const MOST_STARTS = 2_000_000;

/** @throws BadValue */
export function parseArrival(text: string): Arrival {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const rest = colon === -1 ? null : text.slice(colon + 1);
  const kind = KINDS.find((one) => one === name);
  if (kind === undefined) throw new BadValue(`"${text}" is no way to arrive${offer(name, KINDS)}`);
  switch (kind) {
    case 'trace':
      if (rest === null || rest === '')
        throw new BadValue(`"${text}" names no file; allowed: trace:FILE, JSONL of offsets and payloads`);
      return { kind, file: rest };
    case 'bursts':
      return parseBursts(text, rest ?? '');
    case 'closed':
    case 'constant':
    case 'poisson':
      if (rest !== null)
        throw new BadValue(`"${text}" is out; ${kind} takes nothing after it (its rate is --rate)`);
      return { kind };
  }
}

function parseBursts(text: string, rest: string): Arrival {
  const parts = new Map<string, string>();
  for (const part of rest.split(',')) {
    const [key = '', value, ...more] = part.split('=').map((piece) => piece.trim());
    if (value === undefined || more.length > 0 || !['on', 'off', 'peak'].includes(key) || parts.has(key))
      throw new BadValue(`"${part}" of "${text}" is out; allowed: ${BURSTS_SHAPE}, each once`);
    parts.set(key, value);
  }
  const [on, off, peak] = [parts.get('on'), parts.get('off'), parts.get('peak')];
  if (on === undefined || off === undefined || peak === undefined)
    throw new BadValue(`"${text}" is incomplete; allowed: ${BURSTS_SHAPE}`);
  const [on_ms, off_ms] = [parseDuration(on), parseDuration(off)];
  if (on_ms <= 0 || off_ms <= 0)
    throw new BadValue(`"${text}" has no bursts; on and off must be longer than 0`);
  return { kind: 'bursts', on_ms, off_ms, peak_per_s: parseNumber(peak, { min: 0.001, max: MOST_PER_S }) };
}

export function formatArrival(arrival: Arrival): string {
  switch (arrival.kind) {
    case 'closed':
    case 'constant':
    case 'poisson':
      return arrival.kind;
    case 'bursts':
      return `bursts:on=${formatDuration(arrival.on_ms)},off=${formatDuration(arrival.off_ms)},peak=${arrival.peak_per_s}`;
    case 'trace':
      return `trace:${arrival.file}`;
  }
}

export interface SchedulePlan {
  readonly arrival: Exclude<Arrival, { readonly kind: 'closed' | 'trace' }>;
  /** Mean requests a second; of bursts, between them. */
  readonly rate_per_s: number;
  readonly seed: number;
  readonly length_ms: number;
}

/** Most requests a second that the arrivals ask for; infinite where only the trace itself says it. */
export function peakRate(arrival: Arrival, rate_per_s: number): number {
  switch (arrival.kind) {
    case 'closed':
    case 'constant':
    case 'poisson':
      return rate_per_s;
    case 'bursts':
      return Math.max(arrival.peak_per_s, rate_per_s);
    case 'trace':
      return Number.POSITIVE_INFINITY;
  }
}

/** Start times in ms from the load's begin, ascending, all below `length_ms`. @throws BadValue where they are too many */
export function schedule(plan: SchedulePlan): Float64Array {
  const { arrival, rate_per_s, length_ms } = plan;
  const most = (peakRate(arrival, rate_per_s) * length_ms) / 1000;
  if (most > MOST_STARTS)
    throw new BadValue(
      `${peakRate(arrival, rate_per_s)} requests/s for ${formatDuration(length_ms)} are ${Math.round(most)} starts; allowed in one block: ${MOST_STARTS}: give a shorter time, or more blocks`,
    );
  const per_ms = rate_per_s / 1000;
  switch (arrival.kind) {
    case 'constant': {
      const gap_ms = 1000 / rate_per_s;
      return Float64Array.from({ length: Math.ceil(length_ms / gap_ms - 1e-9) }, (_, i) => i * gap_ms);
    }
    case 'poisson':
      return poisson([{ per_ms, until_ms: length_ms }], plan.seed);
    case 'bursts':
      return poisson(burstStretches(arrival, per_ms, length_ms), plan.seed);
  }
}

/** A time of one rate; it begins where the one before ended. */
interface Stretch {
  readonly per_ms: number;
  readonly until_ms: number;
}

function poisson(stretches: Iterable<Stretch>, seed: number): Float64Array {
  const { uniform } = seededRandom(seed);
  const starts: number[] = [];
  // Time change: a Poisson process of unit rate, run through at the rate of each stretch.
  const wait = (): number => -Math.log(1 - uniform());
  let left = wait();
  let at_ms = 0;
  for (const { per_ms, until_ms } of stretches) {
    for (let next_ms = at_ms + left / per_ms; next_ms < until_ms; next_ms = at_ms + left / per_ms) {
      starts.push(next_ms);
      at_ms = next_ms;
      left = wait();
    }
    left = Math.max(0, left - (until_ms - at_ms) * per_ms);
    at_ms = until_ms;
  }
  return Float64Array.from(starts);
}

/** @param per_ms the rate between the bursts */
function* burstStretches(
  { on_ms, off_ms, peak_per_s }: Extract<Arrival, { readonly kind: 'bursts' }>,
  per_ms: number,
  length_ms: number,
): Generator<Stretch> {
  for (let cycle = 0, from_ms = 0; from_ms < length_ms; cycle += 1, from_ms = cycle * (on_ms + off_ms)) {
    yield { per_ms: peak_per_s / 1000, until_ms: Math.min(length_ms, from_ms + on_ms) };
    yield { per_ms, until_ms: Math.min(length_ms, (cycle + 1) * (on_ms + off_ms)) };
  }
}

/** One request of a recorded trace: when, and what: a payload by its id, or a prompt, or the lengths of both sides. */
export interface TraceEntry {
  readonly offset_ms: number;
  readonly payload: string | null;
  readonly prompt: string | null;
  /** Words. */
  readonly prompt_length: number | null;
  readonly output_length: number | null;
}

const TRACE_SHAPE =
  '{"offset_ms":120,"payload":"id"} or {"offset_ms":120,"prompt":"...","output_length":64} or {"offset_ms":120,"prompt_length":200,"output_length":64}';

const TRACE_KEYS: readonly string[] = ['offset_ms', 'payload', 'prompt', 'prompt_length', 'output_length'];

/** @throws BadValue that names the line: not JSON, a negative offset, one before the last, an unknown field */
export function parseTrace(text: string, file: string): TraceEntry[] {
  const entries: TraceEntry[] = [];
  let last_ms = 0;
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const where = `${file}, line ${i + 1}`;
    const entry = traceEntry(line, where);
    if (entry.offset_ms < last_ms)
      throw new BadValue(
        `${where}: offset_ms ${entry.offset_ms} comes after ${last_ms}; a trace stands in the order of its offsets: sort it`,
      );
    last_ms = entry.offset_ms;
    entries.push(entry);
  }
  if (entries.length === 0) throw new BadValue(`${file} holds no request; one a line: ${TRACE_SHAPE}`);
  if (entries.length > MOST_STARTS)
    throw new BadValue(`${file} holds ${entries.length} requests; allowed: ${MOST_STARTS}`);
  return entries;
}

function traceEntry(line: string, where: string): TraceEntry {
  const fields = objectOf(line, where);
  for (const key of Object.keys(fields))
    if (!TRACE_KEYS.includes(key))
      throw new BadValue(`${where}: "${key}" is no field of a trace${offer(key, TRACE_KEYS)}`);
  const text = (name: string): string | null => {
    const value = fields[name];
    if (value === undefined || value === null) return null;
    if (typeof value !== 'string' || value === '')
      throw new BadValue(`${where}: ${name} is ${JSON.stringify(value)}; allowed: text`);
    return value;
  };
  const amount = (name: string, least: number): number | null => {
    const value = fields[name];
    if (value === undefined || value === null) return null;
    if (typeof value !== 'number' || !(value >= least && value < 1e12))
      throw new BadValue(`${where}: ${name} is ${JSON.stringify(value)}; allowed: a number from ${least}`);
    return value;
  };
  const offset_ms = amount('offset_ms', 0);
  if (offset_ms === null) throw new BadValue(`${where}: offset_ms is missing; allowed: ${TRACE_SHAPE}`);
  return {
    offset_ms,
    payload: text('payload'),
    prompt: text('prompt'),
    prompt_length: amount('prompt_length', 1),
    output_length: amount('output_length', 1),
  };
}

function objectOf(line: string, where: string): Fields {
  const value = parseJsonText(line);
  if (isFields(value)) return value;
  const fault = value === undefined ? 'is not JSON' : 'is no object';
  throw new BadValue(`${where} ${fault}; allowed: ${TRACE_SHAPE}`);
}

/** `1s-3s`, or `2s` for always the same. */
export interface ThinkTime {
  readonly from_ms: number;
  readonly to_ms: number;
}

/** @throws BadValue */
export function parseThinkTime(text: string): ThinkTime {
  const [from = '', to = from, ...more] = text.split('-');
  const [from_ms, to_ms] = [parseDuration(from), parseDuration(to)];
  if (more.length > 0 || to_ms < from_ms)
    throw new BadValue(`"${text}" is out; allowed: a shortest and a longest time, as 1s-3s`);
  return { from_ms, to_ms };
}

export const formatThinkTime = ({ from_ms, to_ms }: ThinkTime): string =>
  from_ms === to_ms ? formatDuration(from_ms) : `${formatDuration(from_ms)}-${formatDuration(to_ms)}`;

/** The pause after the request with this index, uniform between both ends: the same for both variants. */
export function thinkTimeAt({ from_ms, to_ms }: ThinkTime, seed: number, index: number): number {
  return from_ms + ((to_ms - from_ms) * mix32(mix32(seed ^ 0x6a09e667) + index)) / 4_294_967_296;
}
