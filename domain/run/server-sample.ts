/** One look at a server during the load: a line of server.jsonl. Absent is null. */
import * as v from 'valibot';
import { parseJsonText } from '../text/json.ts';
import { variantName } from './block.ts';

const amount = v.pipe(v.number(), v.minValue(0));

const sampleSchema = v.strictObject({
  at_ms: amount,
  block: amount,
  variant: variantName,
  /** The process with its children: CPU seconds used so far, resident bytes now, how many they are. */
  process: v.nullable(v.strictObject({ cpu_s: amount, rss_bytes: amount, processes: amount })),
  /** undefined: not asked this time; null: asked, and no metrics came. */
  metrics: v.optional(
    v.nullable(
      v.record(
        v.string(),
        v.strictObject({ all: v.number(), own: v.nullable(v.number()), max: v.optional(v.number()) }),
      ),
    ),
  ),
  gpu: v.optional(v.nullable(v.strictObject({ share: amount, memory_bytes: v.nullable(amount) }))),
});
export type ServerSample = v.InferOutput<typeof sampleSchema>;

/** Null: no sample, as a last line that was cut. */
export function parseServerSample(line: string): ServerSample | null {
  const result = v.safeParse(sampleSchema, parseJsonText(line));
  return result.success ? result.output : null;
}
