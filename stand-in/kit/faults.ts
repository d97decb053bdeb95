import { BadValue } from '../../domain/text/units.ts';
import { suggestion } from './command-line.ts';
import { randomFor } from './random.ts';

/** What the number after `KIND=` means: a share of the requests, or a threshold in its unit for the whole server. */
export type Measure = 'share' | 'requests' | 'in_flight' | 'ms';

export interface FaultRule {
  readonly measure: Measure;
  /** The optional `:ARG`. */
  readonly arg?: {
    readonly name: string;
    readonly initial: number;
    readonly min: number;
    readonly max: number;
  };
  readonly doc: string;
}

export type FaultRules<K extends string> = Readonly<Record<K, FaultRule>>;

/** One `--fault KIND=AMOUNT[:ARG]`; `arg` is the rule's default where it isn't given, 0 where there is none. */
export interface Fault<K extends string> {
  readonly kind: K;
  readonly amount: number;
  readonly arg: number;
}

const ms = (initial: number) => ({ name: 'MS', initial, min: 0, max: 3_600_000 });
const factor = (initial: number) => ({ name: 'FACTOR', initial, min: 1, max: 1000 });

/** Faults of any JSON server, each done to a share of its requests. */
export const transportFaults = {
  status: {
    measure: 'share',
    arg: { name: 'CODE', initial: 500, min: 400, max: 599 },
    doc: 'an error status',
  },
  rate_limit: {
    measure: 'share',
    arg: { name: 'RETRY_AFTER_S', initial: 1, min: 0, max: 3600 },
    doc: '429 with Retry-After, at once',
  },
  hang: { measure: 'share', doc: 'no answer, ever' },
  reset: { measure: 'share', doc: 'the connection is reset instead of an answer' },
  slow_body: { measure: 'share', arg: ms(2000), doc: 'the second half of the body comes late' },
  cut_body: { measure: 'share', doc: 'the connection closes in mid-body' },
  bad_json: { measure: 'share', doc: 'a 200 whose JSON is cut short' },
  wrong_content_type: { measure: 'share', doc: 'a 200 with an HTML page' },
  huge: {
    measure: 'share',
    arg: { name: 'BYTES', initial: 8_000_000, min: 1, max: 256_000_000 },
    doc: 'an answer padded to that size',
  },
  slow: { measure: 'share', arg: ms(5000), doc: 'so much more time on the worker' },
  leak: {
    measure: 'share',
    arg: { name: 'KB', initial: 1024, min: 1, max: 65_536 },
    doc: 'memory kept for ever (1 GB in all at the most)',
  },
} as const satisfies FaultRules<string>;

/** Faults of the server as a whole. */
export const serverFaults = {
  slow_after: { measure: 'requests', arg: factor(2), doc: 'latency times FACTOR after so many requests' },
  drift: { measure: 'requests', doc: 'latency grows, by its first value once every so many requests' },
  never_recovers: {
    measure: 'in_flight',
    arg: factor(5),
    doc: 'latency times FACTOR for good once more than so many are in flight',
  },
  crash: { measure: 'requests', doc: 'the process exits (1) instead of answering the request after so many' },
  metrics_vanish: { measure: 'requests', doc: '/metrics is 404 after so many requests' },
  slow_health: { measure: 'ms', doc: '/health takes so much longer' },
} as const satisfies FaultRules<string>;

export type TransportFault = keyof typeof transportFaults;
export type ServerFault = keyof typeof serverFaults;

function isKind<K extends string>(rules: FaultRules<K>, kind: string): kind is K {
  return Object.hasOwn(rules, kind);
}

const amounts: Record<Measure, { allowed: string; holds: (n: number) => boolean }> = {
  share: { allowed: 'a share above 0 and up to 1', holds: (n) => n > 0 && n <= 1 },
  requests: { allowed: 'a whole number of requests', holds: (n) => Number.isSafeInteger(n) && n >= 0 },
  in_flight: {
    allowed: 'a whole number of requests in flight',
    holds: (n) => Number.isSafeInteger(n) && n >= 0,
  },
  ms: { allowed: 'milliseconds up to 3600000', holds: (n) => n >= 0 && n <= 3_600_000 },
};

const numberOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));

/**
 * Reads `KIND=AMOUNT[:ARG]`.
 * @throws {BadValue} at an unknown kind (the valid ones are listed) or a number out of its bounds
 */
export function parseFault<K extends string>(text: string, rules: FaultRules<K>): Fault<K> {
  const match = /^([^=:]*)(?:=([^:]*)(?::(.*))?)?$/.exec(text);
  const kind = match?.[1] ?? text;
  if (!isKind(rules, kind)) {
    const valid = Object.keys(rules);
    throw new BadValue(
      `--fault '${text}': unknown kind.${suggestion(kind, valid)} Valid: ${valid.join(', ')}`,
    );
  }
  const rule = rules[kind];
  const usage = `${kind}=${rule.measure.toUpperCase()}${rule.arg === undefined ? '' : `[:${rule.arg.name}]`}`;
  const amount = numberOf(match?.[2] ?? '');
  const { allowed, holds } = amounts[rule.measure];
  if (!holds(amount)) throw new BadValue(`--fault '${text}': ${usage} takes ${allowed}`);
  const given = match?.[3];
  if (given === undefined) return { kind, amount, arg: rule.arg?.initial ?? 0 };
  const arg = numberOf(given);
  if (rule.arg === undefined)
    throw new BadValue(`--fault '${text}': ${kind} takes no ':' argument, only ${usage}`);
  if (!(arg >= rule.arg.min && arg <= rule.arg.max)) {
    const { name, min, max } = rule.arg;
    throw new BadValue(`--fault '${text}': ${name} is a number from ${min} to ${max}`);
  }
  return { kind, amount, arg };
}

/** `KIND=SHARE[:ARG] what it does`, one line a kind, for `--help`. */
export function faultHelp(rules: FaultRules<string>): string {
  const rows = Object.entries(rules).map(([kind, { measure, arg, doc }]) => {
    const shape = `${kind}=${measure.toUpperCase()}${arg === undefined ? '' : `[:${arg.name}]`}`;
    const initial = arg === undefined ? '' : ` (${arg.name} ${arg.initial})`;
    return `  ${shape.padEnd(34)} ${doc}${initial}`;
  });
  return ['faults, by --fault:', ...rows, ''].join('\n');
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Which fault meets which request: the same for the same seed. */
export class FaultPlan<K extends string> {
  readonly #shares: readonly Fault<K>[];
  readonly #whole: ReadonlyMap<K, Fault<K>>;
  readonly #seed: number;
  readonly #phases = new Map<string, number>();

  /** @throws {BadValue} see `parseFault`; also where shares add up to more than 1, or a server's fault is given twice */
  constructor(texts: readonly string[], rules: FaultRules<K>, seed: number) {
    const faults = texts.map((text) => parseFault(text, rules));
    const whole = faults.filter(({ kind }) => rules[kind].measure !== 'share');
    this.#shares = faults.filter(({ kind }) => rules[kind].measure === 'share');
    this.#whole = new Map(whole.map((fault) => [fault.kind, fault]));
    this.#seed = seed;
    const sum = this.#shares.reduce((total, { amount }) => total + amount, 0);
    if (sum > 1 + 1e-9)
      throw new BadValue(`--fault: the shares add up to ${sum}; at most 1, since a request has one fault`);
    if (this.#whole.size < whole.length)
      throw new BadValue('--fault: the same fault of the whole server is given twice');
  }

  /**
   * The fault of the request with this index (from 0) on this path, or null. Indexes are spread by the golden ratio's
   * multiples (a Weyl sequence), so that a share is met almost exactly at any n; failures come more evenly than by chance.
   */
  at(path: string, index: number): Fault<K> | null {
    if (this.#shares.length === 0) return null;
    let phase = this.#phases.get(path);
    if (phase === undefined) this.#phases.set(path, (phase = randomFor(this.#seed, 'fault', path)()));
    let left = (phase + index * GOLDEN) % 1;
    for (const fault of this.#shares) {
      if (left < fault.amount) return fault;
      left -= fault.amount;
    }
    return null;
  }

  /** A fault of the whole server, or null where it isn't asked for. */
  whole(kind: K): Fault<K> | null {
    return this.#whole.get(kind) ?? null;
  }
}
