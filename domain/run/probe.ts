import { fieldOf } from '../text/fields.ts';

/** The probe's lines in the request log: what a request to a server that does nothing took. */
export interface ProbeSample {
  readonly block: number;
  /** Before the load: the floor. */
  readonly idle: boolean;
  readonly at_ms: number;
  readonly duration_ms: number;
  /** Why it had no answer: such a probe is no sample. Null: it was answered. */
  readonly failed: string | null;
}

/** How every probe line begins; a request's line begins with its variant. */
export const PROBE_HEAD = '{"probe":true';

export function parseProbe(line: string): ProbeSample | null {
  const value: unknown = JSON.parse(line);
  const field = (name: string): number | null => {
    const found = fieldOf(value, name);
    return typeof found === 'number' && Number.isFinite(found) ? found : null;
  };
  const [block, at_ms, duration_ms] = [field('block'), field('at_ms'), field('duration_ms')];
  if (block === null || at_ms === null || duration_ms === null) return null;
  const failed = fieldOf(value, 'failed');
  return {
    block,
    idle: fieldOf(value, 'idle') === true,
    at_ms,
    duration_ms,
    failed: typeof failed === 'string' ? failed : null,
  };
}
