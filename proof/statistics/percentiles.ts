/** Are the gates on latency honest, whatever the noise? */
import { decide } from '../../domain/statistics/decision.ts';
import { prepareLatency } from '../../domain/statistics/latency-sample.ts';
import type { Interval, Outcome } from '../../domain/statistics/outcome.ts';
import { meanRatio, typicalRatio } from '../../domain/statistics/payload-ratio.ts';
import { type LatencyPair, pairLatency, quantileRatio } from '../../domain/statistics/quantile-ratio.ts';
import type { Random } from '../../domain/statistics/random.ts';
import { matchedLatency } from '../../domain/verdict/gates/latency-pair.ts';
import { type Question, rate, type Rate, type Row } from './questions.ts';
import { simulateRun } from './runs.ts';
import { NOISES, type NoiseKind, simulate, type Simulation } from './simulate.ts';

export const ALPHA = 0.025;
export const MARGIN = 1.15;
/** What a false answer may be where spells outlast a batch: the price of data that says little of them. */
const LONG_MEMORY_ALLOWANCE = 0.05;
const LONG: readonly NoiseKind[] = ['bursts', 'ar97', 'ar99', 'spells30', 'spells100', 'spells300'];
const kinds: readonly NoiseKind[] = ['iid', 'ar3', 'ar1', 'ar9', ...LONG];

export const allowed = (noise: NoiseKind): number => (LONG.includes(noise) ? LONG_MEMORY_ALLOWANCE : ALPHA);

/** One simulated run's percentiles. Throws where the simulation is refused, which is our own bug. */
export function latencyPair(random: Random, simulation: Simulation): LatencyPair {
  const blocks = simulate(random, simulation);
  const made = (values: (block: (typeof blocks)[number]) => Float64Array) =>
    must(prepareLatency(blocks.map((block) => ({ durations_ms: values(block) })))).sample;
  return must(
    pairLatency(
      made(({ baseline_ms }) => baseline_ms),
      made(({ shadow_ms }) => shadow_ms),
    ),
  ).pair;
}

/** Two variants' latencies of one block, in start order. */
export function pairOf(baseline_ms: Float64Array, shadow_ms: Float64Array): LatencyPair {
  const sample = (durations_ms: Float64Array) => must(prepareLatency([{ durations_ms }])).sample;
  return must(pairLatency(sample(baseline_ms), sample(shadow_ms))).pair;
}

export function must<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome;
}

interface Seen {
  readonly log: Interval;
  readonly short: boolean;
}

/** How often each answer comes, at a true ratio: a ratio multiplies every latency of the shadow, and moves intervals by its log. */
export function answersAt(seen: readonly Seen[], ratio: number): { pass: number; fail: number } {
  const shift = Math.log(ratio);
  const counts = { pass: 0, fail: 0, inconclusive: 0 };
  for (const { log } of seen) {
    const moved = { estimate: log.estimate + shift, lower: log.lower + shift, upper: log.upper + shift };
    counts[decide(moved, Math.log(MARGIN), 'lower')]++;
  }
  return counts;
}

function latencyCells(seen: readonly Seen[], noise: NoiseKind): (Rate | string)[] {
  const [equal, margin, worse] = [1, MARGIN, 1.4].map((ratio) => answersAt(seen, ratio));
  const of = seen.length;
  return [
    rate(equal?.pass ?? 0, of),
    rate(equal?.fail ?? 0, of, { at_most: ALPHA }),
    rate(margin?.pass ?? 0, of, { at_most: allowed(noise) }),
    rate(margin?.fail ?? 0, of, { at_most: allowed(noise) }),
    rate(worse?.fail ?? 0, of),
    rate(seen.filter(({ short }) => short).length, of),
  ];
}

const HEAD = [
  'passes when equal',
  'fails when equal',
  'passes on the margin',
  'fails on the margin',
  'fails at x1.40',
  'undecided: memory',
];

const percentiles: Question = {
  title: 'Percentiles',
  sentence:
    'Does the gate on p95 latency (margin 1.15, one-sided level 2.5 %) say what is true, whatever the noise? A fail when equal, and either answer on the margin, is false: at most 2.5 %, and on the margin at most 5 % where slow spells outlast a batch. "Undecided: memory" are runs shorter than 20 spells.',
  head: ['noise', 'n a variant', ...HEAD],
  *rows(random, pairs) {
    for (const noise of kinds) {
      for (const n of [500, 1000, 2000, 5000]) {
        const seen = Array.from({ length: pairs }, () =>
          must(quantileRatio(latencyPair(random, { noise, n, ratio: 1 }), { p: 0.95, alpha: ALPHA })),
        );
        yield { cells: [NOISES[noise].label, String(n), ...latencyCells(seen, noise)] };
      }
    }
  },
};

const overPayloads: Question = {
  title: 'Typical ratio and mean',
  sentence:
    'Do the gates on the typical ratio (each payload with itself) and on the mean over the payload list hold as well? 302 payloads in random rounds, 2,000 requests a variant; columns as above.',
  head: ['gate', 'noise', ...HEAD],
  *rows(random, pairs) {
    for (const noise of kinds) {
      const runs = Array.from({ length: pairs }, () => {
        const { pair } = must(matchedLatency(simulateRun(random, { noise, n: 2000 }), 'request_duration'));
        return { typical: must(typicalRatio(pair, ALPHA)), mean: must(meanRatio(pair, ALPHA)) };
      });
      for (const gate of ['typical', 'mean'] as const) {
        const seen = runs.map((run) => run[gate]);
        yield { cells: [gate, NOISES[noise].label, ...latencyCells(seen, noise)] };
      }
    }
  },
};

const misses = (seen: readonly Interval[]): number =>
  seen.filter(({ lower, upper }) => lower > 0 || upper < 0).length;

const clients: Question = {
  title: 'Clients pinned to servers',
  sentence:
    'Two equal builds, each behind a balancer that pins clients to one of two pods: how often does the 95 % interval miss the truth (equal) because more of one variant\'s clients sit on the slow pod? At most 8 % of runs. "No pods" shows what the protection costs: the same, without any.',
  head: ['pods', 'clients', 'p50', 'p95', 'typical ratio'],
  *rows(random, pairs) {
    for (const factor of [1, 1.05, 1.3]) {
      for (const count of [4, 10, 32]) {
        const runs = Array.from({ length: pairs }, () => {
          const pods = (): { factor: number; pinned: readonly boolean[] } => ({
            factor,
            pinned: Array.from({ length: count }, () => random.uniform() < 0.5),
          });
          const plan = {
            noise: 'iid' as const,
            n: 2000,
            clients: count,
            baseline: { pods: pods() },
            shadow: { pods: pods() },
          };
          const { pair } = must(matchedLatency(simulateRun(random, plan), 'request_duration'));
          const log = (p: number): Interval => must(quantileRatio(pair, { p, alpha: ALPHA })).log;
          return { p50: log(0.5), p95: log(0.95), typical: must(typicalRatio(pair, ALPHA)).log };
        });
        const cell = (of: keyof (typeof runs)[number]): Rate | string =>
          rate(misses(runs.map((run) => run[of])), pairs, { at_most: 0.08 });
        yield {
          cells: [
            factor === 1 ? 'no pods' : `1.0 x and ${factor} x`,
            String(count),
            cell('p50'),
            cell('p95'),
            cell('typical'),
          ],
        };
      }
    }
  },
};

const blocks: Question = {
  title: 'Blocks that differ',
  sentence:
    'Repeated runs (--runs) whose ratio itself varies from block to block: does p95 stay honest on the margin? 1,000 requests a variant and block, AR .7.',
  head: ['blocks', 'SD between blocks', 'passes when equal', 'passes on the margin', 'fails on the margin'],
  *rows(random, pairs) {
    for (const count of [2, 3, 5]) {
      for (const sd of [0, 0.03, 0.1]) {
        const seen = Array.from({ length: pairs }, () =>
          must(
            quantileRatio(
              latencyPair(random, { noise: 'ar1', n: 1000, ratio: 1, blocks: count, block_ratio_log_sd: sd }),
              { p: 0.95, alpha: ALPHA },
            ),
          ),
        );
        const [equal, margin] = [answersAt(seen, 1), answersAt(seen, MARGIN)];
        const bound = { at_most: 0.05 };
        const cells = [
          rate(equal.pass, pairs),
          rate(margin.pass, pairs, bound),
          rate(margin.fail, pairs, bound),
        ];
        yield { cells: [String(count), String(sd), ...cells] } satisfies Row;
      }
    }
  },
};

export const LATENCY_QUESTIONS: readonly Question[] = [percentiles, overPayloads, clients, blocks];
