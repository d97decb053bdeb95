/** Prometheus's answers as data (HTTP API v1, "Expression queries"), checked; and what a counter grew by. */
import * as v from 'valibot';
import { BadValue } from '../../text/units.ts';

export interface Sample {
  /** Epoch ms by Prometheus's clock. */
  readonly at_ms: number;
  /** May be NaN or infinite, as Prometheus says them. */
  readonly value: number;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Ascending in time. */
  readonly samples: readonly Sample[];
}

const point = v.tuple([v.number(), v.string()]);
const labelSet = v.record(v.string(), v.string());
const answer = v.variant('resultType', [
  v.object({
    resultType: v.literal('vector'),
    result: v.array(v.object({ metric: labelSet, value: v.optional(point) })),
  }),
  v.object({
    resultType: v.literal('matrix'),
    result: v.array(v.object({ metric: labelSet, values: v.optional(v.array(point)) })),
  }),
  v.object({ resultType: v.literal('scalar'), result: point }),
]);
const response = v.object({ status: v.literal('success'), data: answer });

const NUMBERS: Readonly<Record<string, number>> = { NaN: Number.NaN, '+Inf': Infinity, '-Inf': -Infinity };

function sample([at_s, text]: v.InferOutput<typeof point>): Sample {
  const value = NUMBERS[text] ?? Number(text);
  if (text === '' || (Number.isNaN(value) && text !== 'NaN'))
    throw new BadValue(`Prometheus gives the value "${text.slice(0, 40)}", which is no number`);
  return { at_ms: at_s * 1000, value };
}

/** The `data` of a query's answer as series, whichever form it has. @throws BadValue */
export function parseAnswer(body: unknown): readonly Series[] {
  const parsed = v.safeParse(response, body);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new BadValue(
      `Prometheus's answer has another shape at ${v.getDotPath(issue) ?? 'the top'}: ${issue.message}`,
    );
  }
  const { data } = parsed.output;
  switch (data.resultType) {
    case 'scalar':
      return [{ labels: {}, samples: [sample(data.result)] }];
    case 'vector':
      return data.result.map(({ metric, value }) => ({
        labels: metric,
        samples: value === undefined ? native(metric) : [sample(value)],
      }));
    case 'matrix':
      return data.result.map(({ metric, values }) => ({
        labels: metric,
        samples: values === undefined ? native(metric) : values.map(sample),
      }));
  }
}

function native(metric: Readonly<Record<string, string>>): never {
  throw new BadValue(
    `${metric['__name__'] ?? 'a series'} is a native histogram; the gate reads classic buckets (*_bucket with le)`,
  );
}

/** From just before the first request to just after the last answer, by Prometheus's clock, epoch ms. */
export interface TestRange {
  readonly from_ms: number;
  readonly to_ms: number;
}

export interface Increase {
  readonly labels: Series['labels'];
  /** Between the last scrape before the test and the first one after it: nothing is extrapolated. */
  readonly increase: number;
  /** How often the counter fell: the process began anew. */
  readonly resets: number;
  /** The series has no sample after the test. */
  readonly ended_early: boolean;
}

/**
 * What a counter grew by over a test. After a reset the counter counts from 0, as Prometheus's own `increase` takes it. A
 * series without a sample before the test was born in it, at 0: the caller has seen that its target was scraped before.
 * Null: no sample since the test began, as of a process that ended before it.
 */
export function increaseOf({ labels, samples }: Series, range: TestRange): Increase | null {
  let last: number | null = null;
  let increase = 0;
  let resets = 0;
  let ended_early = true;
  let counted = false;
  for (const { at_ms, value } of samples) {
    if (at_ms <= range.from_ms) {
      last = value;
      continue;
    }
    const fell = last !== null && value < last;
    increase += fell ? value : value - (last ?? 0);
    resets += fell ? 1 : 0;
    last = value;
    counted = true;
    ended_early = at_ms < range.to_ms;
    if (!ended_early) break;
  }
  return counted ? { labels, increase, resets, ended_early } : null;
}
