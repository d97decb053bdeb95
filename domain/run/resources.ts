/** One look at the load machine: a line of resources.jsonl. */
import type { Garbled, ResourceSample } from './data.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A figure of each process that has it. */
function byProcess(processes: unknown, name: string): Record<string, number> {
  if (!isObject(processes)) return {};
  return Object.fromEntries(
    Object.entries(processes).flatMap(([process, usage]) => {
      const value = isObject(usage) ? usage[name] : null;
      return typeof value === 'number' && Number.isFinite(value) ? [[process, value]] : [];
    }),
  );
}

/** Null: the system's clock of CPU time had not moved. @throws SyntaxError, RangeError where the line is no look at a machine */
function parseResource(line: string): ResourceSample | null {
  const value: unknown = JSON.parse(line);
  if (!isObject(value)) throw new RangeError('it is no object');
  const { at_ms, cpu_share, processes } = value;
  if (typeof at_ms !== 'number') throw new RangeError('at_ms is no number');
  if (cpu_share === null) return null;
  if (typeof cpu_share !== 'number' || !(cpu_share >= 0 && cpu_share <= 1))
    throw new RangeError('cpu_share is no number from 0 to 1');
  return {
    at_ms,
    cpu_share,
    rss_bytes: byProcess(processes, 'rss_bytes'),
    cores: byProcess(processes, 'cores'),
  };
}

/** The whole file. A last line without its line feed was cut by a kill and is left out in silence; any other is counted. */
export function parseResources(text: string): {
  readonly samples: readonly ResourceSample[];
  readonly garbled: Garbled;
} {
  const lines = text.split('\n');
  // What follows the last line feed is nothing, or a line that was being written when the run was killed.
  lines.pop();
  const samples: ResourceSample[] = [];
  let count = 0;
  let first = '';
  for (const [i, line] of lines.entries()) {
    try {
      const sample = parseResource(line);
      if (sample !== null) samples.push(sample);
    } catch (error) {
      count += 1;
      if (count === 1) first = `line ${i + 1}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return { samples, garbled: { count, first } };
}
