import type { Variant } from '../kit/common.ts';
import type { LatencyShape } from '../kit/latency.ts';

/** How one variant of the grammar service behaves. */
export interface Behaviour {
  /** Requests served at once: ten clients queue at less than ten. */
  readonly workers: number;
  /** Of the whole service time; its stages share it out. */
  readonly latency: LatencyShape;
  /** Probability that the correction, or the translation, of a text is right. */
  readonly correction_accuracy: number;
  readonly translation_accuracy: number;
  /** Share of the texts on which the variants err independently; on the others the better one is right wherever the other is. */
  readonly discord: number;
  /** Mean, EUR a request. */
  readonly cost_eur: number;
}

const baseline: Behaviour = {
  workers: 8,
  // At ten clients two always queue: 300 ms at the median, p95 1.52 and p99 1.92 times that.
  latency: { median_ms: 236, sigma: 0.235, sigma_text: 0.12, slow_share: 0.02, slow_factor: 1.95 },
  correction_accuracy: 0.76,
  translation_accuracy: 0.82,
  discord: 0.1,
  cost_eur: 0.00042,
};

const adapted = { correction_accuracy: 0.91, translation_accuracy: 0.94 };

/** The adapter costs 5 % in the middle and a little more in the tail: the contract's +5/+7/+6 %. */
function withAdapter(of: Behaviour): Behaviour {
  const latency = { ...of.latency, median_ms: of.latency.median_ms * 1.048, sigma: of.latency.sigma * 1.05 };
  return { ...of, ...adapted, latency, cost_eur: of.cost_eur * 1.07 };
}

function slowedBy(factor: number, of: Behaviour): Behaviour {
  return { ...of, latency: { ...of.latency, median_ms: of.latency.median_ms * factor } };
}

/** The contract's figures: p50 3.05, p95 4.61, p99 5.82 s. */
const lab = slowedBy(2400 / 236, baseline);

const instant: Behaviour = { ...slowedBy(0, baseline), workers: 1000 };

const same: Behaviour = { ...baseline, discord: 0 };

/** Each profile describes both variants. */
export const profiles = {
  default: { baseline, shadow: withAdapter(baseline) },
  lab: { baseline: lab, shadow: withAdapter(lab) },
  /** No latency at all, for benchmarks. */
  instant: { baseline: instant, shadow: { ...instant, ...adapted } },
  /** The shadow clearly holds up: faster, better, no dearer. */
  pass: { baseline, shadow: { ...slowedBy(0.95, baseline), ...adapted } },
  /** The shadow clearly doesn't: +40 % on every request. */
  fail: { baseline, shadow: slowedBy(1.4, withAdapter(baseline)) },
  /** A/A: two servers of one behaviour. */
  equal: { baseline: same, shadow: same },
  /** The shadow sits on the usual margin of +15 %. */
  marginal: { baseline, shadow: { ...slowedBy(1.15, baseline), ...adapted } },
} as const satisfies Readonly<Record<string, Readonly<Record<Variant, Behaviour>>>>;

export type ProfileName = keyof typeof profiles;
export const profile_names = [
  'default',
  'lab',
  'instant',
  'pass',
  'fail',
  'equal',
  'marginal',
] as const satisfies readonly ProfileName[];
