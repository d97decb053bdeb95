/** Which requests a load counted in requests sends: both sides, k6 and the report, read it from the settings alone. */
import type { Settings } from '../settings/settings.ts';
import { SCENARIOS, type InferenceScenario } from '../jobs/inference/scenarios.ts';

export const STAGE_NAMES = ['steady', 'before', 'spike', 'after'] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** Requests `first` to `first + requests - 1` of a variant's sequence, sent by so many clients. */
export interface Stage {
  readonly name: StageName;
  readonly clients: number;
  readonly first: number;
  readonly requests: number;
}

export interface LoadPlan {
  readonly scenario: InferenceScenario;
  /** The first so many of the sequence are the warm-up. */
  readonly warm_up: number;
  /** Without gaps, from request 0; the first stage carries the warm-up. */
  readonly stages: readonly Stage[];
  /** Of one variant, warm-up included. */
  readonly requests: number;
  /** Between two requests of one client; null: the next follows the answer. */
  readonly pace_ms: number | null;
}

/** Null: a load by time. */
export function planLoad(settings: Settings): LoadPlan | null {
  if (settings.inferenceScenario === null) return null;
  const scenario = SCENARIOS[settings.inferenceScenario];
  const { vus, requests, spikeVus, spikeRequests, maxRequests } = settings;
  const warm_up = settings.warmUpRequests ?? vus;
  const wanted: readonly (readonly [StageName, number, number])[] =
    scenario.shape === 'spike'
      ? [
          ['before', vus, warm_up + requests],
          ['spike', spikeVus, spikeRequests],
          ['after', vus, requests],
        ]
      : [['steady', vus, warm_up + requests]];
  const stages: Stage[] = [];
  let first = 0;
  for (const [name, clients, count] of wanted) {
    const left = Math.min(count, (maxRequests ?? Number.POSITIVE_INFINITY) - first);
    if (left <= 0) break;
    stages.push({ name, clients: Math.min(clients, left), first, requests: left });
    first += left;
  }
  return {
    scenario,
    warm_up: Math.min(warm_up, first),
    stages,
    requests: first,
    pace_ms: scenario.shape === 'paced' ? settings.paceMs : null,
  };
}

/** The stage of the request with this place in its variant's sequence. */
export function stageOf(plan: LoadPlan, index: number): Stage | null {
  return plan.stages.find(({ first, requests }) => index >= first && index < first + requests) ?? null;
}

/** The stages without their warm-up. */
export function measuredStages(
  plan: LoadPlan,
): readonly { readonly name: StageName; readonly clients: number; readonly requests: number }[] {
  return plan.stages.map(({ name, clients, requests, first }) => ({
    name,
    clients,
    requests: first === 0 ? requests - plan.warm_up : requests,
  }));
}

/** What a paced load takes where the server keeps up; null where the server alone says how long it takes. */
export function expectedMs(plan: LoadPlan): number | null {
  const [stage] = plan.stages;
  return plan.pace_ms === null || stage === undefined
    ? null
    : Math.ceil(stage.requests / stage.clients) * plan.pace_ms;
}
