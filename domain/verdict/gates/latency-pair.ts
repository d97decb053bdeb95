/** Both variants' answers, matched: what the gates on percentiles, on the typical and on the mean latency share. */
import { sampleOn, type Basis } from '../../figures/samples.ts';
import type { TrendName } from '../../record/metrics.ts';
import type { Measured } from '../../record/request-table.ts';
import type { LatencySample } from '../../statistics/latency-sample.ts';
import type { Outcome } from '../../statistics/outcome.ts';
import { pairLatency, type LatencyPair } from '../../statistics/quantile-ratio.ts';
import { effectOfRepeats, repeatEffect, type RepeatEffect } from '../../statistics/repeats.ts';
import type { Pair, Side } from './evaluation.ts';

type Paired = Outcome<{ pair: LatencyPair }>;
/** Several gates and levels ask for the same pairs: made once for each pair of sides. */
const known = new WeakMap<Pair, Map<string, Paired>>();

/** Answers of a trend of both variants, in payload numbers that they share. */
export function matchedLatency(pair: Pair, trend: TrendName, basis: Basis = {}): Paired {
  let made = known.get(pair);
  if (made === undefined) known.set(pair, (made = new Map()));
  const key = `${trend} ${basis.first === true} ${basis.fresh === true} ${basis.failures === true}`;
  const found = made.get(key);
  if (found !== undefined) return found;
  const outcome = match(pair, trend, basis);
  made.set(key, outcome);
  return outcome;
}

function match(pair: Pair, trend: TrendName, basis: Basis): Paired {
  const sample = ({ measured, samples }: Side): Outcome<{ sample: LatencySample }> =>
    Object.keys(basis).length > 0 ? sampleOn(measured, trend, basis) : samples.of(trend);
  const baseline = sample(pair.baseline);
  const shadow = sample(pair.shadow);
  if (!baseline.ok) return baseline;
  if (!shadow.ok) return shadow;
  const codes = sharedCodes(pair.baseline.measured, pair.shadow.measured);
  const blocks = shadow.sample.blocks.map((block) =>
    block.payloads === undefined
      ? block
      : { ...block, payloads: block.payloads.map((place) => codes[place] ?? -1) },
  );
  return pairLatency(baseline.sample, { ...shadow.sample, blocks }, pair.replicates);
}

/** The baseline's number of each of the shadow's payloads; those that the baseline never sent get numbers of their own. */
function sharedCodes(baseline: Measured, shadow: Measured): Int32Array {
  const places = new Map(baseline.payload_ids.map((id, place) => [id, place]));
  let next = baseline.payload_ids.length;
  return Int32Array.from(shadow.payload_ids, (id) => places.get(id) ?? next++);
}

const repeats = new WeakMap<Pair, RepeatEffect | null>();

/** Whether repeats of a payload were answered as its first sending was, and alike by both variants; null where nothing tells. */
export function repeatsOf(pair: Pair): RepeatEffect | null {
  const found = repeats.get(pair);
  if (found !== undefined) return found;
  const paired = matchedLatency(pair, 'request_duration', { fresh: true });
  const effect = (paired.ok ? repeatEffect(paired.pair) : null) ?? sinceWarmUp(pair);
  repeats.set(pair, effect);
  return effect;
}

/** Where the warm-up asked all payloads, each one's first sending is among its requests. */
function sinceWarmUp({ baseline, shadow }: Pair): RepeatEffect | null {
  const logs = ({ measured, warm_up }: Side): ReadonlyMap<string, number> => {
    const first = new Map<string, number>();
    const again = new Map<string, { sum: number; n: number }>();
    if (warm_up === undefined) return first;
    each(warm_up, (id, log) => void (first.has(id) || first.set(id, log)));
    each(measured, (id, log) => {
      const { sum, n } = again.get(id) ?? { sum: 0, n: 0 };
      again.set(id, { sum: sum + log, n: n + 1 });
    });
    return new Map(
      [...again].flatMap(([id, { sum, n }]) => {
        const before = first.get(id);
        return before === undefined ? [] : [[id, sum / n - before] as const];
      }),
    );
  };
  const [before, after] = [logs(baseline), logs(shadow)];
  const common = [...before.keys()].filter((id) => after.has(id));
  const of = (by: ReadonlyMap<string, number>): Float64Array =>
    Float64Array.from(common, (id) => by.get(id) ?? 0);
  return effectOfRepeats(of(before), of(after));
}

/** The payload and the log latency of each answer, in the order of the sending. */
function each(
  { n, error, payload, payload_ids, duration_ms }: Measured,
  take: (id: string, log: number) => void,
): void {
  for (let i = 0; i < n; i += 1) {
    const ms = duration_ms[i] ?? 0;
    if (error[i] === 0 && ms > 0) take(payload_ids[payload[i] ?? 0] ?? '', Math.log(ms));
  }
}

/** First sendings where only one variant is quicker the second time; else all answers. */
export const fairBasis = (pair: Pair): Basis => (repeatsOf(pair)?.differs === true ? { first: true } : {});
