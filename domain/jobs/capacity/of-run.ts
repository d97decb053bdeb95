/** A ramp's run, read back, as the steps and the capacity of each variant; during the ramp too, to choose the next step. */
import { isClosed } from '../../load/arrivals.ts';
import { lateness } from '../../figures/lateness.ts';
import { LATE_MS } from '../../load/timing.ts';
import { blockOf } from '../../record/request-table.ts';
import type { RunData } from '../../run/data.ts';
import type { Manifest } from '../../run/manifest.ts';
import type { Settings } from '../../settings/settings.ts';
import { sloOf } from '../../figures/slo.ts';
import { CPU_FULL_SECONDS, delayLimit, fullShare, probeDelay } from '../../verdict/evidence.ts';
import { mapVariants, type ByVariant, type Variant } from '../../variants.ts';
import { judgeCapacity, type Capacity } from './capacity.ts';
import type { RampPlan } from './search.ts';
import { serverLoad } from './server-load.ts';
import { judgeStep, type MachineLoad, type Step } from './step.ts';

/** A step shorter than this in samples tells nothing of the load machine. */
const LEAST_SECONDS = 3;
/** A step of this length has had the time for its samples of the machine and of the probe. */
const SEEN_FROM_MS = 6000;
/** What a step's latency is to be told by: as a gate's usual margin. */
const TOLERANCE = 0.15;
/** Our own delay may be this part of the tightest latency limit. */
const DELAY_OF_LIMIT = 0.02;

export function rampPlan(settings: Settings): RampPlan {
  return {
    unit: isClosed(settings.arrival) ? 'clients' : 'requests/s',
    from: settings.from,
    to: settings.to,
    step: settings.step,
    hold_ms: settings.holdMs,
    resolution: settings.search ? settings.resolution : null,
  };
}

/** The steps that each variant has run, in their order. */
export function stepsOf(data: RunData): ByVariant<readonly Step[]> {
  const { manifest, settings } = data;
  return mapVariants(data.measured, (measured, variant) =>
    manifest.blocks.flatMap((block): Step[] => {
      const load = block.loads?.[variant];
      if (load === undefined) return [];
      const of = blockOf(measured, block.block);
      return [
        judgeStep(of, {
          block: block.block,
          load,
          hold_ms: block.duration_ms,
          thresholds: manifest.thresholds,
          alpha: settings.alpha,
          slo: sloOf(settings.slo, manifest.thresholds),
          machine: machineLoad(data, block, variant),
          server: serverLoad(data.server ?? [], {
            block: block.block,
            variant,
            memory_bytes: manifest.machine.memory_bytes,
          }),
          // The stop ends both variants' step; the cause is whose starts fell behind.
          rate_not_sent:
            (lateness(of) ?? 0) > LATE_MS &&
            data.summaries.some(
              (summary) => summary.block === block.block && summary.stopped?.reason === 'rate_not_sent',
            ),
        }),
      ];
    }),
  );
}

export function capacitiesOf(data: RunData): ByVariant<Capacity> {
  const plan = rampPlan(data.settings);
  return mapVariants(stepsOf(data), (steps, variant) => judgeCapacity(variant, steps, plan));
}

/** A step whose load machine was the limit, or was not seen, tells nothing of the server. */
function machineLoad(data: RunData, block: Manifest['blocks'][number], variant: Variant): MachineLoad {
  const during = data.resources.filter(({ at_ms }) => at_ms >= block.started_ms && at_ms <= block.ended_ms);
  const full_share = during.length < LEAST_SECONDS ? null : fullShare(during);
  const probes = data.probes.filter((probe) => probe.block === block.block);
  const delay_ms = probeDelay(probes)?.delay_ms ?? null;
  const measured = data.measured[variant];
  const latencies = measured === undefined ? new Float64Array() : blockOf(measured, block.block).duration_ms;
  const median_ms = latencies.toSorted()[Math.floor(latencies.length / 2)] ?? null;
  const [tightest = 0] = data.manifest.thresholds.limits
    .filter(({ metric, op }) => metric === 'request_duration' && op.startsWith('<'))
    .map(({ limit }) => limit)
    .toSorted((a, b) => a - b);
  // What is told here is which side of a limit the latency lies on, or how much it grows.
  const tolerable_ms = Math.max(DELAY_OF_LIMIT * tightest, delayLimit(TOLERANCE, median_ms ?? 0));
  const delayed = delay_ms !== null && delay_ms > tolerable_ms;
  const full = full_share !== null && full_share > CPU_FULL_SECONDS;
  // A step that was given up early has no more evidence than it had time.
  const long_enough = block.ended_ms - block.started_ms >= SEEN_FROM_MS && data.manifest.stopped === null;
  const seen = !long_enough || (full_share !== null && delay_ms !== null);
  return { full_share, delay_ms, ok: seen && !full && !delayed };
}
