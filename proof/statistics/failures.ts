/** Are the gates that count, pay and score honest? */
import { decide, type Decision } from '../../domain/statistics/decision.ts';
import type { Random } from '../../domain/statistics/random.ts';
import { accuracyGate } from '../../domain/verdict/gates/accuracy.ts';
import { errorRateGate } from '../../domain/verdict/gates/error-rate.ts';
import type { Evaluation, Pair } from '../../domain/verdict/gates/evaluation.ts';
import { moneyGate } from '../../domain/verdict/gates/money.ts';
import { throughputGate } from '../../domain/verdict/gates/throughput.ts';
import { ALPHA } from './percentiles.ts';
import { type Question, rate } from './questions.ts';
import { BLOCK_MS, type RunPlan, simulateRun } from './runs.ts';

const IN_FLIGHT = { baseline: 10, shadow: 10 };

function answer(evaluation: Evaluation): Decision {
  const outcome = evaluation.at(ALPHA);
  return outcome.ok ? decide(outcome, evaluation.limit, evaluation.better) : 'inconclusive';
}

/** Answers over simulated runs, and over those of them in which something failed. */
function answers(
  random: Random,
  pairs: number,
  plan: RunPlan,
  gate: (pair: Pair) => Evaluation,
): { pass: number; fail: number; passSeen: number; seen: number } {
  const counts = { pass: 0, fail: 0, passSeen: 0, seen: 0 };
  for (let run = 0; run < pairs; run++) {
    const pair = simulateRun(random, plan);
    const word = answer(gate(pair));
    const seen = pair.baseline.summary.failed + pair.shadow.summary.failed > 0;
    if (word !== 'inconclusive') counts[word]++;
    if (seen) counts.seen++;
    if (seen && word === 'pass') counts.passSeen++;
  }
  return counts;
}

const errors = (pair: Pair): Evaluation =>
  errorRateGate({ gate: 'error_rate', margin_pp: 1 }, pair, IN_FLIGHT, ALPHA);

const bursts: Question = {
  title: 'Failures',
  sentence:
    "Failures come in bursts. The baseline never fails, the shadow fails in exactly 1 % (the margin): of the runs in which a failure was seen, at most 5 % may pass. What was not seen can't be known: bursts longer than n x 1 % / 3.7 can be missed by the whole run, and the verdict says so.",
  head: [
    'mean burst',
    'n a variant',
    'passes, of those with a failure',
    'runs without one',
    'passes when equal (0.2 % fail)',
  ],
  *rows(random, pairs) {
    for (const run of [1, 5, 20, 100]) {
      for (const n of [1000, 2000, 5000]) {
        const noise = { noise: 'iid' as const, n };
        const worse = answers(
          random,
          pairs,
          { ...noise, shadow: { failures: { share: 0.01, run } } },
          errors,
        );
        const failures = { share: 0.002, run };
        const equal = answers(
          random,
          pairs,
          { ...noise, baseline: { failures }, shadow: { failures } },
          errors,
        );
        yield {
          cells: [
            String(run),
            String(n),
            rate(worse.passSeen, worse.seen, { at_most: 0.05 }),
            rate(pairs - worse.seen, pairs),
            rate(equal.pass, pairs),
          ],
        };
      }
    }
  },
};

const throughput: Question = {
  title: 'Throughput in an open loop',
  sentence:
    'The shadow loses 15 % of its answers (the margin), in bursts: of the runs in which a loss was seen, at most 5 % may pass; equal servers that lose 1 % should.',
  head: ['mean burst', 'n a variant', 'passes, of those with a loss', 'passes when equal (1 % lost singly)'],
  *rows(random, pairs) {
    const gate = (pair: Pair): Evaluation =>
      throughputGate({ gate: 'throughput', margin: 0.85 }, pair, BLOCK_MS, 'open', IN_FLIGHT);
    for (const run of [1, 20, 100]) {
      for (const n of [600, 3000]) {
        const plan = { noise: 'iid' as const, n };
        const worse = answers(random, pairs, { ...plan, shadow: { failures: { share: 0.15, run } } }, gate);
        const lost = { failures: { share: 0.01, run: 1 } };
        const equal = answers(random, pairs, { ...plan, baseline: lost, shadow: lost }, gate);
        const seen = rate(worse.passSeen, worse.seen, { at_most: 0.05 });
        yield { cells: [String(run), String(n), seen, rate(equal.pass, pairs)] };
      }
    }
  },
};

const quality: Question = {
  title: 'Accuracy and money',
  sentence:
    'Do the gates over payloads hold on their margins (accuracy -5 pp, cost x1.15, CpQU x1.10), and do equal servers pass? Payloads are clusters; two equal servers answer alike but for a few payloads.',
  head: ['gate', 'payloads', 'passes when equal', 'passes on the margin', 'fails on the margin'],
  *rows(random, pairs) {
    const gates = [
      {
        name: 'accuracy',
        shadow: { accuracy: 0.71 },
        of: (pair: Pair) =>
          accuracyGate({ gate: 'accuracy', answer: 'correction', margin_pp: 5 }, pair, ALPHA),
      },
      {
        name: 'cost',
        shadow: { cost_ratio: 1.15 },
        of: (pair: Pair) => moneyGate({ gate: 'cost', margin: 1.15 }, pair),
      },
      {
        name: 'cpqu',
        shadow: { cost_ratio: 1.1 },
        of: (pair: Pair) => moneyGate({ gate: 'cpqu', margin: 1.1 }, pair),
      },
    ];
    for (const { name, shadow, of } of gates) {
      for (const payloads of [100, 302]) {
        const plan = { noise: 'iid' as const, n: 1900, payloads };
        const equal = answers(random, pairs, plan, of);
        const margin = answers(random, pairs, { ...plan, shadow }, of);
        const bound = { at_most: 0.05 };
        yield {
          cells: [
            name,
            String(payloads),
            rate(equal.pass, pairs),
            rate(margin.pass, pairs, bound),
            rate(margin.fail, pairs, bound),
          ],
        };
      }
    }
  },
};

export const COUNTING_QUESTIONS: readonly Question[] = [bursts, throughput, quality];
