/** Everything that was read back from a run directory: what a comparison is made of. */
import type { BlockSummary } from './block.ts';
import type { Judged } from '../quality/judging.ts';
import type { ProbeSample } from './probe.ts';
import type { Measured } from '../record/request-table.ts';
import type { ServerSample } from './server-sample.ts';
import type { Manifest } from './manifest.ts';
import type { Settings } from '../settings/settings.ts';
import type { ByVariant } from '../variants.ts';

export interface BadLine {
  readonly line: number;
  readonly problem: string;
}

export interface ResourceSample {
  readonly at_ms: number;
  /** Busy share of all CPUs of the load machine over the last second. */
  readonly cpu_share: number;
  /** Resident memory by process of ours: `k6`, and the variants' stand-ins. */
  readonly rss_bytes?: Readonly<Record<string, number>>;
  /** CPU cores in use by process of ours, over the last second; absent where the system does not tell. */
  readonly cores?: Readonly<Record<string, number>>;
}

/** Lines of a file that can't be read, but for one at the end that a kill cut short. */
export interface Garbled {
  readonly count: number;
  /** What is wrong with the first. */
  readonly first: string;
}
export const NOT_GARBLED: Garbled = { count: 0, first: '' };

export interface RunData {
  readonly manifest: Manifest;
  /** The run's settings as values: parsed from the manifest's text once, by whoever read the run. */
  readonly settings: Settings;
  readonly measured: ByVariant<Measured>;
  /** The requests before the measurement, of the variants that had any: what the plan is made from, and nothing else. */
  readonly warm_up: ByVariant<Measured>;
  /** Lines by variant, warm-up included. */
  readonly recorded: ByVariant<number>;
  readonly bad_lines: { readonly count: number; readonly first: readonly BadLine[] };
  readonly probes: readonly ProbeSample[];
  readonly resources: readonly ResourceSample[];
  readonly garbled: { readonly probes: Garbled; readonly resources: Garbled };
  readonly summaries: readonly BlockSummary[];
  /** What was seen of the servers; absent where nobody looked. */
  readonly server?: readonly ServerSample[];
  /** It was read back from a reference, which keeps no evidence: that was judged when it was saved. */
  readonly stored?: boolean;
  /** Where a model judged answers. */
  readonly judged?: Judged;
  /** The runs that this one was paired from: each has its own evidence, and is judged by it. Absent: one run. */
  readonly parts?: readonly RunData[];
}
