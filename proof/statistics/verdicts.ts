/** Is the whole verdict true, and can it be reached? The default run: 10 clients for 60 s, 302 payloads, every default gate. */
import type { Random } from '../../domain/statistics/random.ts';
import { firstBlocks } from '../../domain/record/request-table.ts';
import { advise, decide } from '../../domain/statistics/decision.ts';
import { quantileRatio } from '../../domain/statistics/quantile-ratio.ts';
import { blocks, type Check } from '../../domain/verdict/check.ts';
import type { Pair } from '../../domain/verdict/gates/evaluation.ts';
import { judgeGates, type GateContext } from '../../domain/verdict/gates/judge.ts';
import { repeatsOf } from '../../domain/verdict/gates/latency-pair.ts';
import { judgeLooks } from '../../domain/verdict/gates/looks.ts';
import { planGates } from '../../domain/verdict/plan.ts';
import { gateId, type Gate } from '../../domain/verdict/thresholds.ts';
import { ALPHA, MARGIN, must, pairOf } from './percentiles.ts';
import { type Question, rate } from './questions.ts';
import { BLOCK_MS, type Behaviour, type RunPlan, sideOf, simulateRun } from './runs.ts';
import { NOISES, type NoiseKind } from './simulate.ts';

/** The default run's size, and its warm-up's. */
const N = 1900;
const WARM_UP = 160;
const PAYLOADS = 302;
/** What the stand-in's latency varies by beyond its payloads. */
const STAND_IN_LOG_SD = 0.26;

function contextOf(random: Random, gates: readonly Gate[], plan: RunPlan): GateContext {
  const warm_up = simulateRun(random, { ...plan, n: WARM_UP, blocks: 1 });
  // A warm-up goes at the run's own rate: 160 requests in its first five seconds.
  const span = (BLOCK_MS * WARM_UP) / N;
  const { measured } = warm_up.baseline;
  for (let i = 0; i < measured.n; i++) measured.start_ms[i] = (i * span) / WARM_UP;
  return {
    alpha: ALPHA,
    rule: 'interval',
    required: [],
    plan: planGates(
      gates,
      {
        alpha: ALPHA,
        duration_ms: BLOCK_MS * (plan.blocks ?? 1),
        requests: plan.n * (plan.blocks ?? 1),
        payloads: PAYLOADS,
        labelled: PAYLOADS,
        load: 'closed',
      },
      warm_up.baseline,
    ),
    deployment_log_sd: {},
    block_ms: BLOCK_MS,
    load: 'closed',
    in_flight: { baseline: 10, shadow: 10 },
  };
}

/** A cache that only one side has is no fair fight: nothing passes beside it (finding repeats_differ). */
function word(gates: readonly Check[], pair: Pair): Check['answer'] {
  const counted = gates.filter(blocks);
  if (counted.some(({ answer }) => answer === 'fail')) return 'fail';
  if (repeatsOf(pair)?.differs === true) return 'inconclusive';
  return counted.length > 0 && counted.every(({ answer }) => answer === 'pass') ? 'pass' : 'inconclusive';
}

const runPlan = (noise: NoiseKind, shadow: Behaviour = {}): RunPlan => ({
  noise,
  noise_log_sd: STAND_IN_LOG_SD,
  n: N,
  shadow,
});

/** @param gates the default gates of k6:shadow */
export function verdictQuestions(gates: readonly Gate[]): readonly Question[] {
  const judge = (random: Random, plan: RunPlan): { gates: readonly Check[]; pair: Pair } => {
    const context = contextOf(random, gates, plan);
    const pair = simulateRun(random, plan);
    return { gates: judgeGates(gates, pair, context).checks, pair };
  };

  const equal: Question = {
    title: 'Two equal servers, the default verdict',
    sentence:
      'Do two equal servers pass the default run (1,900 requests a variant, 302 payloads)? At least 80 % pass under AR .7, and at most 5 % fail under any noise: ten gates at 2.5 %, corrected by Holm.',
    weight: 2,
    head: ['noise', 'pass', 'fail', 'inconclusive'],
    *rows(random, pairs) {
      for (const noise of ['iid', 'ar1', 'ar9', 'bursts', 'ar97', 'spells100'] as const) {
        const counts = { pass: 0, fail: 0, inconclusive: 0 };
        for (let run = 0; run < pairs; run++) {
          const judged = judge(random, runPlan(noise));
          counts[word(judged.gates, judged.pair)]++;
        }
        const least = noise === 'iid' || noise === 'ar1' ? { at_least: 0.8 } : {};
        yield {
          cells: [
            NOISES[noise].label,
            rate(counts.pass, pairs, least),
            rate(counts.fail, pairs, { at_most: 0.05 }),
            rate(counts.inconclusive, pairs),
          ],
        };
      }
    },
  };

  const planned: Question = {
    title: 'What the plan lets count',
    sentence:
      'Of the default run under AR .7, equal servers: how often does the plan, from settings, labels and the baseline in a warm-up of 160 requests, let each gate count, and how often does it pass where it counts? The others inform.',
    weight: 3,
    head: ['gate', 'counts', 'passes where it counts'],
    *rows(random, pairs) {
      const counts = new Map(gates.map((gate) => [gateId(gate), { counted: 0, passed: 0 }]));
      for (let run = 0; run < pairs; run++) {
        for (const check of judge(random, runPlan('ar1')).gates) {
          const { id, answer } = check;
          const count = counts.get(id);
          if (count === undefined || !blocks(check)) continue;
          count.counted++;
          if (answer === 'pass') count.passed++;
        }
      }
      for (const [id, { counted, passed }] of counts)
        yield { cells: [id, rate(counted, pairs), rate(passed, counted, { at_least: 0.8 })] };
    },
  };

  const bad: Question = {
    title: 'Shadows that are truly worse',
    sentence:
      'How often does a shadow that must not be promoted pass the default run (AR .7)? At most 2.5 %; of failures in bursts of 20 another 6 %, in whose runs no burst fell. A cache that only the shadow has leaves no verdict, however quick its repeats are.',
    weight: 3,
    head: ['shadow', 'pass', 'fail', 'inconclusive'],
    *rows(random, pairs) {
      const shadows: readonly (readonly [string, Behaviour, number?])[] = [
        ['latency x1.3', { ratio: 1.3 }],
        ['6 % of requests x3', { slow: { share: 0.06, factor: 3 } }],
        ['9 of 302 payloads x5', { slow_payloads: { count: 9, factor: 5 } }],
        ['4 of 302 payloads x25', { slow_payloads: { count: 4, factor: 25 } }],
        ['accuracy -10 pp, 30 % cheaper', { accuracy: 0.66, cost_ratio: 0.7 }],
        ['errors +3 pp, singly', { failures: { share: 0.03, run: 1 } }],
        // Nothing shows a burst that did not fall into the run: exp(-1900 x 3 % / 20) = 6 % of them.
        ['errors +3 pp, bursts of 20', { failures: { share: 0.03, run: 20 } }, 0.06 + ALPHA],
        ['cost x1.3', { cost_ratio: 1.3 }],
        ['x2 slower, repeats from a cache', { ratio: 2, cached_ms: 5 }],
      ];
      for (const [name, shadow, at_most = ALPHA] of shadows) {
        const counts = { pass: 0, fail: 0, inconclusive: 0 };
        for (let run = 0; run < pairs; run++) {
          const judged = judge(random, runPlan('ar1', shadow));
          counts[word(judged.gates, judged.pair)]++;
        }
        yield {
          cells: [
            name,
            rate(counts.pass, pairs, { at_most }),
            rate(counts.fail, pairs),
            rate(counts.inconclusive, pairs),
          ],
        };
      }
    },
  };

  const looks: Question = {
    title: 'Planned looks',
    sentence:
      'With --until-decided, five looks of 950 requests each, AR .7: is the level kept, does no gate switch itself off, and how much sooner are clear cases decided? The share of the full run is a mean over all runs.',
    weight: 10,
    head: ['shadow', 'pass', 'fail', 'share of the full run'],
    *rows(random, pairs) {
      const shadows: readonly (readonly [string, Behaviour, { at_most?: number }])[] = [
        ['equal', {}, {}],
        ['latency x1.15 (the margin)', { ratio: MARGIN }, { at_most: 0.05 }],
        ['latency x1.4', { ratio: 1.4 }, { at_most: ALPHA }],
        ['accuracy -10 pp, 30 % cheaper', { accuracy: 0.66, cost_ratio: 0.7 }, { at_most: ALPHA }],
      ];
      for (const [name, shadow, bound] of shadows) {
        let [pass, fail, used] = [0, 0, 0];
        for (let run = 0; run < pairs; run++) {
          const plan = { ...runPlan('ar1', shadow), n: 950, blocks: 5 };
          const context = contextOf(random, gates, plan);
          const pair = simulateRun(random, plan);
          const upTo = (many: number): Pair => ({
            baseline: sideOf(firstBlocks(pair.baseline.measured, many)),
            shadow: sideOf(firstBlocks(pair.shadow.measured, many)),
          });
          const judged = judgeLooks(gates, [1, 2, 3, 4, 5], 5, upTo, context);
          const said = word(judged.checks, pair);
          if (said === 'pass') pass++;
          if (said === 'fail') fail++;
          used += (judged.looks?.done ?? 5) / 5;
        }
        const share = `${((100 * used) / pairs).toFixed(0)} %`;
        yield { cells: [name, rate(pass, pairs, bound), rate(fail, pairs), share] };
      }
    },
  };

  return [equal, planned, bad, looks];
}

const advice: Question = {
  title: 'Advice that comes true',
  sentence:
    'Where an undecided p95 gate names a number of requests, is it decided after so many more (all of the run kept)? At least 80 % at the ratios 1.00, 1.05, 1.25 and 1.40; 1,000 requests a variant.',
  weight: 3,
  head: ['noise', 'true ratio', 'undecided', 'a number is named, of these', 'came true, of those'],
  *rows(random, pairs) {
    for (const noise of ['iid', 'ar1'] as const) {
      for (const ratio of [1, 1.05, 1.25, 1.4]) {
        let [open, named, true_] = [0, 0, 0];
        for (let run = 0; run < pairs; run++) {
          const n = 1000;
          // The longest run that could be asked for, of which the first part is the run itself.
          const whole = simulateRun(random, { noise, n: 20 * n, payloads: 1, shadow: { ratio } });
          const judged = (size: number): ReturnType<typeof quantileRatio> => {
            const cut = (side: Pair['baseline']): Float64Array => side.measured.duration_ms.subarray(0, size);
            return quantileRatio(pairOf(cut(whole.baseline), cut(whole.shadow)), { p: 0.95, alpha: ALPHA });
          };
          const first = must(judged(n));
          const margin = Math.log(MARGIN);
          if (first.short || decide(first.log, margin, 'lower') !== 'inconclusive') continue;
          open++;
          const said = advise({ interval: first.log, critical: first.critical, margin, n });
          if (said.kind !== 'need_more' || said.more === null) continue;
          named++;
          const after = must(judged(Math.min(n + said.more, 20 * n)));
          if (decide(after.log, margin, 'lower') !== 'inconclusive') true_++;
        }
        yield {
          cells: [
            NOISES[noise].label,
            ratio.toFixed(2),
            rate(open, pairs),
            rate(named, open),
            rate(true_, named, { at_least: 0.8 }),
          ],
        };
      }
    }
  },
};

export const ADVICE_QUESTIONS: readonly Question[] = [advice];
