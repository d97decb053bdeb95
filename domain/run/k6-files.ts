/** What every k6 process is told and tells, whatever it loads; apart from the schemas of one job, which no other's VUs need hold. */
import * as v from 'valibot';

/** Of a plan: where its records and its summary go. */
export const planFiles = {
  /** Appended to; null: no log. */
  request_log: v.nullable(v.string()),
  summary_file: v.string(),
};
export type PlanFiles = v.InferOutput<v.ObjectSchema<typeof planFiles, undefined>>;

/** Of a summary: k6's own thresholds and how they ended. */
export const thresholdsSeen = v.array(
  v.strictObject({ metric: v.string(), expression: v.string(), ok: v.boolean() }),
);
export type ThresholdsSeen = v.InferOutput<typeof thresholdsSeen>;
