/** What the cli tells one k6 process (a block), and what that process tells back; the two sides meet in these shapes. */
import * as v from 'valibot';
import { planFiles, thresholdsSeen } from './k6-files.ts';
import { WHOLE_STOPS } from './stop-reasons.ts';
import { parseJson } from '../text/parse-json.ts';
import { BASELINE, isVariant, SHADOW, VARIANT_NAMES } from '../variants.ts';

/** Name of the environment variable that carries a {@link BlockPlan} as JSON. Absent: k6 was started by hand. */
export const BLOCK_PLAN_VARIABLE = 'SUITE_BLOCK_PLAN';

export const variantName = v.pipe(
  v.string(),
  v.check(
    (name) => isVariant(name),
    ({ input }) => `${JSON.stringify(input)} is no name of a variant; allowed: ${VARIANT_NAMES}`,
  ),
);

/** So many clients in a closed loop, or so many requests a second of an open one. */
export const loadSchema = v.variant('unit', [
  v.strictObject({ unit: v.literal('clients'), value: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  v.strictObject({ unit: v.literal('requests/s'), value: v.pipe(v.number(), v.gtValue(0)) }),
]);
export type Load = v.InferOutput<typeof loadSchema>;

const at_ms = v.number();
/** Runs of the time when there were two variants named the server in the reason. */
const GONE_BEFORE = { baseline_gone: BASELINE, shadow_gone: SHADOW };

/** Why k6 ended the load before its time. */
export const STOPS = [
  v.strictObject({ reason: v.picklist(WHOLE_STOPS), at_ms }),
  v.strictObject({ reason: v.literal('server_gone'), variant: variantName, at_ms }),
  v.pipe(
    v.strictObject({ reason: v.picklist(['baseline_gone', 'shadow_gone']), at_ms }),
    v.transform((stop) => ({
      reason: 'server_gone' as const,
      variant: GONE_BEFORE[stop.reason],
      at_ms: stop.at_ms,
    })),
  ),
] as const;

const blockPlanSchema = v.strictObject({
  ...planFiles,
  block: v.number(),
  /** Of the run: what must not repeat between two runs is made from it. */
  nonce: v.string(),
  variants: v.array(variantName),
  /** Where each distinct answer's text is kept once; null: nowhere. */
  answers_file: v.optional(v.nullable(v.string())),
  /** JSON array of payloads. */
  payloads_file: v.nullable(v.string()),
  thresholds_file: v.nullable(v.string()),
  /** What each variant is asked for in this block, where it is another load than the settings'. */
  loads: v.optional(v.record(variantName, loadSchema)),
  /** JSON array of [offset in ms, place of the payload]: the starts of a trace. */
  trace_file: v.optional(v.nullable(v.string())),
  /** The null server that the probe asks; null: no probe. */
  probe_url: v.nullable(v.string()),
});
export type BlockPlan = v.InferOutput<typeof blockPlanSchema>;

const count = v.pipe(v.number(), v.minValue(0));
const blockSummarySchema = v.strictObject({
  schema_version: v.number(),
  block: v.number(),
  duration_ms: v.number(),
  thresholds: thresholdsSeen,
  /** Counts of all phases, by variant. `http_reqs` is k6's own. */
  counts: v.record(
    v.string(),
    v.strictObject({
      started: count,
      finished: count,
      http_reqs: count,
      iterations: count,
      p95_ms: v.nullable(v.number()),
    }),
  ),
  probe: v.nullable(v.strictObject({ count })),
  stopped: v.nullable(v.variant('reason', STOPS)),
});
export type BlockSummary = v.InferOutput<typeof blockSummarySchema>;

export const parseBlockPlan = (text: string): BlockPlan =>
  parseJson(blockPlanSchema, text, BLOCK_PLAN_VARIABLE);
export const parseBlockSummary = (text: string, what: string): BlockSummary =>
  parseJson(blockSummarySchema, text, what);
