/** Which block comes next: as planned, until a look decides, or by what the steps of a ramp have shown. */
import { markFlat } from '../../domain/jobs/capacity/rising.ts';
import { rampPlan, stepsOf } from '../../domain/jobs/capacity/of-run.ts';
import { nextStep, type NextStep } from '../../domain/jobs/capacity/search.ts';
import { triedOf } from '../../domain/jobs/capacity/capacity.ts';
import { compare } from '../../domain/result/compare.ts';
import type { Load } from '../../domain/run/block.ts';
import type { PlannedBlock } from '../../domain/load/blocks.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import type { Variant } from '../../domain/variants.ts';
import { say, type Io } from '../io.ts';
import { readRun } from '../read/run.ts';
import type { RunDirectory } from './directory.ts';
import type { Prepared } from './prepare.ts';

export interface Planner {
  /** Null: the run is over. `block`: how many have been run. */
  next(run: RunDirectory, block: number): PlannedBlock | null;
  /** Leads the progress line. */
  heading(block: number, planned: PlannedBlock): string;
}

export function plannedBlocks(io: Io, { settings, plan: { blocks, looks } }: Prepared): Planner {
  // A cap on requests ends the load before its time.
  const most = settings.maxRequests === null ? '' : 'at most: ';

  return {
    next(run, block) {
      const planned = blocks[block] ?? null;
      const look = looks.indexOf(block);
      if (planned === null || look === -1) return planned;
      const { decided } = compare(readRun(run)).run.looks ?? { decided: null };
      if (decided !== null) return null;
      say(io, `look ${look + 1} of ${looks.length}: not decided yet`);
      return planned;
    },
    heading: (block) =>
      blocks.length > 1
        ? `block ${block + 1} of ${looks.length > 0 ? 'at most ' : ''}${blocks.length}, `
        : most,
  };
}

/** Each step is one block; both variants at once, each at the load that its own answers call for, or in turn. */
export function rampSteps(settings: Settings, variants: readonly Variant[]): Planner {
  const plan = rampPlan(settings);
  const inTurn = settings.order === 'abba';
  return {
    next(run, block) {
      const steps = block === 0 ? {} : stepsOf(readRun(run));
      const wanted = variants.flatMap((variant): (NextStep & { variant: Variant; done: number })[] => {
        const done = steps[variant] ?? [];
        const next = nextStep(plan, markFlat(done).map(triedOf));
        return next === null ? [] : [{ ...next, variant, done: done.length }];
      });
      // In turn: whoever has run fewer steps.
      const chosen = inTurn ? wanted.toSorted((a, b) => a.done - b.done).slice(0, 1) : wanted;
      if (chosen.length === 0) return null;
      return {
        variants: chosen.map(({ variant }) => variant),
        duration_ms: Math.round(Math.max(...chosen.map(({ hold_ms }) => hold_ms))),
        loads: Object.fromEntries(
          chosen.map(({ variant, load }): [Variant, Load] => [variant, { unit: plan.unit, value: load }]),
        ),
      };
    },
    heading(block, { loads, variants: of }) {
      const shown = of.map((variant) => `${variant} ${loads?.[variant]?.value ?? ''}`).join(', ');
      return `step ${block + 1} (${shown} ${plan.unit}), `;
    },
  };
}
