/** A run's plan: which gates count, for each candidate, fixed by its settings and its warm-up before anything is measured. */
import { samples } from '../figures/samples.ts';
import { summarise } from '../figures/summary.ts';
import { isClosed } from '../load/arrivals.ts';
import { planBlocks } from '../load/blocks.ts';
import { planLoad } from '../load/counted-plan.ts';
import type { Measured } from '../record/request-table.ts';
import type { Manifest } from '../run/manifest.ts';
import type { Settings } from '../settings/settings.ts';
import { BASELINE, type ByVariant, presentVariants, type Variant } from '../variants.ts';
import type { Side } from './gates/evaluation.ts';
import type { LoadKind } from './gates/throughput.ts';
import { planGates, type GatePlan, type PlanSettings } from './plan.ts';

export function loadKind(settings: Settings): LoadKind {
  if (settings.maxRequests !== null || planLoad(settings) !== null) return 'counted';
  return isClosed(settings.arrival) ? 'closed' : 'open';
}

type Planned = Pick<Manifest, 'thresholds' | 'payloads' | 'variants'>;

/**
 * What counts against one candidate.
 * @param warm_up requests before the measurement, by variant
 * @returns null where nothing tells the size of the run: neither a warm-up nor a number of requests
 */
export function planOf(
  manifest: Planned,
  settings: Settings,
  warm_up: ByVariant<Measured>,
  candidate: Variant,
): readonly GatePlan[] | null {
  // A bad candidate's warm-up would switch off the very gates that see it (docs/decisions/013).
  const baseline = warm_up[BASELINE];
  const warm = baseline === undefined ? null : sideOf(baseline);
  const planned = planSettings(manifest, settings, candidate);
  return warm === null && planned.requests === null
    ? null
    : planGates(manifest.thresholds.gates, planned, warm);
}

function sideOf(measured: Measured): Side {
  const sorted = samples(measured);
  const context = { planned_ms: Number.POSITIVE_INFINITY, clients: null, slo: null };
  return { measured, samples: sorted, summary: summarise(measured, sorted, context) };
}

/** All blocks that are to run, whatever will become of them. */
function planSettings({ payloads, variants }: Planned, settings: Settings, candidate: Variant): PlanSettings {
  const own = planBlocks(settings, presentVariants(variants)).blocks.filter((block) =>
    block.variants.includes(candidate),
  );
  const duration_ms = own.reduce((sum, block) => sum + block.duration_ms, 0);
  const counted = settings.maxRequests ?? planLoad(settings)?.requests ?? null;
  const { rate } = settings;
  const requests =
    counted !== null
      ? counted * own.length
      : rate !== null && !isClosed(settings.arrival)
        ? Math.round((rate * duration_ms) / 1000)
        : null;
  return {
    alpha: settings.alpha,
    duration_ms,
    requests,
    payloads: payloads.count,
    labelled: payloads.labelled,
    load: loadKind(settings),
  };
}
