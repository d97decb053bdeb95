/** A recorded trace as what k6 needs: the payloads that it asks, and when each is asked. */
import { parseTrace, type TraceEntry } from '../../domain/load/arrivals.ts';
import { offer } from '../../domain/text/nearest.ts';
import { promptOfLength } from '../../domain/load/prompt.ts';
import { BadValue } from '../../domain/text/units.ts';
import { readNamed } from './named-file.ts';

export interface Trace {
  /** [offset in ms, place among the payloads]. */
  readonly starts: readonly (readonly [offset_ms: number, place: number])[];
  /** Further payloads, that the trace itself brings; they stand after those given. */
  readonly own: readonly unknown[];
  readonly last_ms: number;
}

/**
 * @param ids of the payloads there are
 * @param prompts whether the endpoint takes prompts: else a trace can name payloads only
 * @throws UsageError, BadValue
 */
export function readTrace(
  path: string,
  shown: string,
  ids: readonly string[],
  prompts: boolean,
  seed: number,
): Trace {
  const text = readNamed(path, `--arrival trace:${shown}`);
  const places = new Map(ids.map((id, place) => [id, place]));
  const own: unknown[] = [];
  const starts = parseTrace(text, shown).map((entry, i): readonly [number, number] => {
    const made = ownPayload(entry, `${shown}, request ${i + 1}`, prompts, seed);
    const id = made?.id ?? entry.payload;
    // Only times: the usual sequence of payloads.
    if (id === null) return [entry.offset_ms, -1];
    let place = places.get(id);
    if (place === undefined) {
      if (made === null)
        throw new BadValue(`${shown}, request ${i + 1}: "${id}" is no payload of this run${offer(id, ids)}`);
      place = ids.length + own.push(made) - 1;
      places.set(id, place);
    }
    return [entry.offset_ms, place];
  });
  return { starts, own, last_ms: starts.at(-1)?.[0] ?? 0 };
}

function ownPayload(
  { prompt, prompt_length, output_length, payload }: TraceEntry,
  where: string,
  prompts: boolean,
  seed: number,
): (Readonly<Record<string, unknown>> & { readonly id: string }) | null {
  if (prompt === null && prompt_length === null) return null;
  if (payload !== null || (prompt !== null && prompt_length !== null))
    throw new BadValue(`${where} says twice what is asked; give one of payload, prompt, prompt_length`);
  if (!prompts)
    throw new BadValue(
      `${where} brings a prompt, and this job asks labelled sentences; name a payload of theirs`,
    );
  const tokens = output_length === null ? {} : { max_tokens: Math.round(output_length) };
  const end = output_length === null ? '' : `-out-${Math.round(output_length)}`;
  if (prompt !== null) return { id: `trace-${where.split(' ').at(-1)}${end}`, prompt, ...tokens } as const;
  const made = promptOfLength(Math.round(prompt_length ?? 1), seed);
  return { ...made, id: `${made.id}${end}`, ...tokens };
}
