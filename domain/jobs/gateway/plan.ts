/** What the cli tells one k6 process of the gateway suite (a phase), and what that process tells back. */
import * as v from 'valibot';
import { planFiles, thresholdsSeen } from '../../run/k6-files.ts';
import { parseJson } from '../../text/parse-json.ts';
import { INPUT_TYPES } from './programs.ts';
import { GATEWAY_PHASES, GATEWAY_SCENARIOS } from './scenarios.ts';

/** Name of the environment variable that carries a {@link PhasePlan} as JSON. */
export const PHASE_PLAN_VARIABLE = 'SUITE_GATEWAY_PLAN';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

const programSchema = v.strictObject({
  name: v.string(),
  path: v.string(),
  model: v.string(),
  mode: v.nullable(v.picklist(['sync', 'async'])),
  inputs: v.record(v.string(), v.picklist(INPUT_TYPES)),
  values: v.record(v.string(), v.unknown()),
  outputs: v.array(v.string()),
  model_field: v.nullable(v.string()),
});

const shapeSchema = v.variant('shape', [
  /** Users in a closed loop, spread evenly over the programs. */
  v.strictObject({
    shape: v.literal('closed'),
    users: whole,
    warm_up_ms: whole,
    duration_ms: whole,
    /** Every so many-th request has bad inputs; null: none. */
    bad_input_every: v.nullable(whole),
    /** Live and ready are asked in turn, so many times a second; 0: not. */
    probes_per_s: whole,
    /** Pairs of equal requests before the load, for the answer cache. */
    repeats: whole,
  }),
  /** So many requests at once to the first program, single ones before, and after until they are normal again. */
  v.strictObject({
    shape: v.literal('burst'),
    requests: whole,
    singles: whole,
    /** What an answer may take to be normal. */
    normal_ms: v.number(),
    recover_within_ms: whole,
  }),
]);

const phasePlanSchema = v.strictObject({
  ...planFiles,
  run_key: v.string(),
  scenario: v.picklist(GATEWAY_SCENARIOS),
  phase: v.picklist(GATEWAY_PHASES),
  base_url: v.string(),
  live_path: v.string(),
  ready_path: v.string(),
  programs: v.pipe(v.array(programSchema), v.minLength(1)),
  load: shapeSchema,
  timeout_ms: whole,
  /** k6's own thresholds. */
  thresholds: v.record(v.string(), v.array(v.string())),
});
export type PhasePlan = v.InferOutput<typeof phasePlanSchema>;
export type LoadShape = PhasePlan['load'];
export type ClosedShape = Extract<LoadShape, { shape: 'closed' }>;
export type BurstShape = Extract<LoadShape, { shape: 'burst' }>;

const phaseSummarySchema = v.strictObject({
  thresholds: thresholdsSeen,
  started: whole,
  finished: whole,
  /** Iterations of all scenarios, singles before and after left out. */
  iterations: whole,
  dropped_iterations: whole,
});
export type PhaseSummary = v.InferOutput<typeof phaseSummarySchema>;

export const parsePhasePlan = (text: string): PhasePlan =>
  parseJson(phasePlanSchema, text, PHASE_PLAN_VARIABLE);
export const parsePhaseSummary = (text: string, what: string): PhaseSummary =>
  parseJson(phaseSummarySchema, text, what);
