/** Loads counted in requests as k6 scenarios: steady, paced, and the stages of a spike, each begun as the last one ends. */
import { sleep } from 'k6';
import exec from 'k6/execution';
import type { Scenario } from 'k6/options';
import type { LoadPlan, Stage } from '../../domain/load/counted-plan.ts';
import { GRACE_MS } from '../../domain/load/timing.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import type { Variant } from '../../domain/variants.ts';
import { counters, iterationIndex } from '../extensions.ts';
import { endOfRequests, requestsDone } from '../end-of-requests.ts';
import { stopped } from '../run-control.ts';
import { RUN, type Shape } from './shapes.ts';

const POLL_S = 0.01;

/**
 * Each stage is a k6 scenario of its own. With the suite's k6 all of them start at once, and a stage's clients wait until
 * the stage before has ended, so that nothing passes unseen between a spike and what follows it. A stock k6 has no
 * count that VUs share: there each stage begins after its third of the time.
 */
export function countedShape(plan: LoadPlan, settings: Settings, variants: readonly Variant[]): Shape {
  const stageMs = counters.across_vus ? 0 : settings.durationMs / plan.stages.length;
  const scenarioName = (variant: Variant, stage: Stage): string =>
    plan.stages.length === 1 ? variant : `${variant}_${stage.name}`;
  const byScenario = new Map(
    variants.flatMap((variant) => plan.stages.map((stage) => [scenarioName(variant, stage), stage] as const)),
  );
  const end = endOfRequests(variants, plan.requests, settings.durationMs);
  /** Of this VU's stage. */
  let first = 0;
  let nextMs: number | null = null;

  const awaitTurn = (variant: Variant, stage: Stage): void => {
    if (!counters.across_vus) return;
    while (counters.get(requestsDone(variant)) < stage.first && stopped() === null) sleep(POLL_S);
  };
  /** Clients begin evenly spread over one pace, then keep to their own beat. */
  const awaitBeat = (pace_ms: number, index: number, clients: number): void => {
    const now = Date.now();
    nextMs ??= now + ((index % clients) * pace_ms) / clients;
    if (nextMs > now) sleep((nextMs - now) / 1000);
    nextMs = Math.max(nextMs, now) + pace_ms;
  };

  return {
    scenarios(variant, lead_ms) {
      return Object.fromEntries(
        plan.stages.map((stage, place): [string, Scenario] => [
          scenarioName(variant, stage),
          {
            executor: 'shared-iterations',
            exec: RUN,
            vus: stage.clients,
            iterations: stage.requests,
            startTime: `${lead_ms + place * stageMs}ms`,
            maxDuration: `${stageMs === 0 ? settings.durationMs : stageMs}ms`,
            gracefulStop: `${settings.timeoutMs + GRACE_MS}ms`,
          },
        ]),
      );
    },
    clients: () => settings.vus,
    starts: null,
    enter(variant) {
      // A VU may serve one stage after another.
      const stage = byScenario.get(exec.scenario.name);
      if (stage === undefined) throw new Error(`no stage is named ${exec.scenario.name}`);
      first = stage.first;
      awaitTurn(variant, stage);
      if (plan.pace_ms !== null) awaitBeat(plan.pace_ms, stage.first + iterationIndex(), stage.clients);
    },
    leave: (variant) => end.count(variant),
    index: () => first + iterationIndex(),
    warm_up: plan.warm_up,
    timed: false,
    done: end.done,
  };
}
