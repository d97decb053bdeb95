/** The one model of a run's result: everything that is rendered, and comparison.json itself, is this. */
import type { PromptFigures } from '../figures/by-prompt.ts';
import type { EndpointFigures } from '../figures/by-endpoint.ts';
import type { Capacity } from '../jobs/capacity/capacity.ts';
import type { Drift } from '../jobs/capacity/drift.ts';
import type { Check, Verdict } from '../verdict/check.ts';
import type { Finding } from '../verdict/findings.ts';
import type { Observed } from '../jobs/inference/observed.ts';
import type { Manifest } from '../run/manifest.ts';
import type { Settings } from '../settings/settings.ts';
import type { Agreement } from '../quality/agreement.ts';
import type { Slo } from '../figures/slo.ts';
import type { VariantSummary } from '../figures/summary.ts';
import type { EvidenceFigure } from '../verdict/evidence.ts';
import type { ByVariant } from '../variants.ts';

/** Latency density by variant over common bins, for pictures: shares of the valid answers. */
export interface Histogram {
  readonly edges_ms: readonly number[];
  readonly shares: ByVariant<readonly number[]>;
}

export interface Comparison {
  readonly schema_version: number;
  readonly run: {
    readonly run_id: string;
    readonly job: string;
    readonly status: Manifest['status'];
    readonly stopped: Manifest['stopped'];
    readonly started_ms: number;
    readonly ended_ms: number | null;
    readonly clients: number;
    /** How requests came, in words of the setting: `closed`, `poisson`. */
    readonly arrival?: string;
    readonly rate_per_s?: number | null;
    readonly duration_ms: number;
    readonly warm_up_ms: number;
    readonly timeout_ms: number;
    readonly seed: number;
    readonly blocks: number;
    readonly order: Settings['order'];
    /** Planned looks between blocks; `decided`: the one after which everything was, counted from 1. */
    readonly looks: {
      readonly planned: number;
      readonly done: number;
      readonly decided: number | null;
    } | null;
    readonly fallback: Manifest['fallback'];
    readonly deployment_noise: Manifest['deployment_noise'];
    readonly payloads: Manifest['payloads'];
    readonly versions: Manifest['versions'];
    readonly machine: Manifest['machine'];
    readonly variants: ByVariant<{
      readonly label: string;
      readonly url: string;
      readonly stand_in: boolean;
    }>;
    /** How language models were asked; null for other servers. */
    readonly generation?: {
      readonly api: Settings['api'];
      readonly models: ByVariant<string>;
      readonly streamed: boolean;
      readonly max_tokens: number;
      readonly forced: boolean;
      readonly temperature: number;
      readonly unique_prefix: boolean;
      readonly slo: Slo | null;
    } | null;
  };
  readonly variants: ByVariant<VariantSummary>;
  /** What every cost is in. */
  readonly currency?: string;
  /** By candidate, how often its answers differ from the baseline's; null where digests are not known. */
  readonly agreement?: ByVariant<Agreement> | null;
  readonly checks: readonly Check[];
  /** For each candidate, the stage whose tail differs most from the baseline's. */
  readonly slowest_stage: ByVariant<{
    readonly stage: string;
    readonly baseline_p95_ms: number;
    readonly candidate_p95_ms: number;
  }>;
  readonly histogram: Histogram | null;
  /** Where somebody looked at the servers, or the load was counted in requests. */
  readonly observed?: Observed | null;
  /** Of k6:single: each prompt by itself. */
  readonly by_prompt?: ByVariant<readonly PromptFigures[]> | null;
  /** Of a ramp: what each variant sustains. */
  readonly capacity?: ByVariant<Capacity> | null;
  /** Of a soak: what grew or shrank over its time. */
  readonly drift?: readonly Drift[] | null;
  /** Of mixed endpoints: each by itself. */
  readonly by_endpoint?: ByVariant<readonly EndpointFigures[]> | null;
  /** Each piece of evidence that the run can be trusted, with its limit. */
  readonly trust: readonly EvidenceFigure[];
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
  /** Each candidate's own, where there are several; the run's is then the best of them. */
  readonly verdicts: ByVariant<Verdict> | null;
  readonly exit_code: number;
}
