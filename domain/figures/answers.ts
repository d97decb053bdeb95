/** What a language model's answers say beside their times: how they ended, who gave them, and how they came. */
import { REQUEST_FIELDS } from '../record/fields.ts';
import type { Measured, OptionalTrend } from '../record/request-table.ts';
import { FINISHES, type Finish } from '../protocols/finish.ts';

export interface Counted {
  readonly name: string;
  readonly count: number;
}

/** How streamed answers of some length came. */
export interface ArrivalShape {
  /** Answers of {@link SOME_TOKENS} tokens and more. */
  readonly answers: number;
  /** Of these: all tokens in one read, and all of them in one event. */
  readonly in_one_read: number;
  readonly in_one_event: number;
  /** Of those that came in several reads: mean token events in the first, and in each of the others; null where there is none. */
  readonly first_read_events: number | null;
  readonly later_read_events: number | null;
  /** Tokens by the server's count an event, over all answers; null where it counts none. */
  readonly tokens_per_event: number | null;
}

export interface AnswerSummary {
  /** Requests that got an answer of status 2xx, by how it ended; `none` where it did not say. */
  readonly finishes: readonly { readonly finish: Finish | 'none'; readonly count: number }[];
  /** Models that valid answers name, the most frequent first. */
  readonly models: readonly Counted[];
  /** What valid answers did that their protocol does not say. */
  readonly oddities: readonly Counted[];
  /** What gateways' headers say of valid answers: cache, fallback, retry. */
  readonly gateway: readonly Counted[];
  /** Requests that went out twice, since the server had closed the kept connection. */
  readonly resent: number;
  /** Valid answers that name themselves, and those whose id an earlier one to the same prompt had. */
  readonly named: number;
  readonly repeated: number;
  /** Tokens that the server counts and did not send, of all valid answers. */
  readonly hidden_tokens: number;
  readonly shape: ArrivalShape | null;
}

/** Fewer tokens than these may well come at once. */
const SOME_TOKENS = 4;

export const countsOf = (counts: ReadonlyMap<string, number>): Counted[] =>
  [...counts]
    .map(([name, count]) => ({ name, count }))
    .toSorted((a, b) => b.count - a.count || a.name.localeCompare(b.name));

/** Null: no language model answered. */
export function answerSummary(of: Measured): AnswerSummary | null {
  const { token_events: events, sends } = columnsOf(of);
  if (events === undefined && sends === undefined) return null;
  let resent = 0;
  for (let i = 0; i < of.n; i += 1) if ((sends?.[i] ?? 1) > 1) resent += 1;
  let hidden_tokens = 0;
  const hidden = of.optional.get('hidden_tokens');
  for (let i = 0; i < of.n; i += 1) if (of.error[i] === 0) hidden_tokens += (hidden?.[i] ?? 0) || 0;
  return {
    finishes: finishes(of),
    models: countsOf(of.names?.model ?? new Map()),
    oddities: countsOf(oneByOne(of.names?.oddities ?? new Map())),
    gateway: countsOf(oneByOne(of.names?.gateway ?? new Map())),
    resent,
    ...repeats(of),
    hidden_tokens,
    shape: arrivalShape(of),
  };
}

const columnsOf = ({ optional }: Measured) => ({
  token_events: optional.get('token_events'),
  sends: optional.get('sends'),
});

function finishes(of: Measured): AnswerSummary['finishes'] {
  const counts = new Map<Finish | 'none', number>();
  const events = of.optional.get('token_events'); // a request of another kind has none
  for (let i = 0; i < of.n; i += 1) {
    const status = of.status[i] ?? 0;
    if (status < 200 || status > 299 || Number.isNaN(events?.[i] ?? 0)) continue;
    const finish = REQUEST_FIELDS.finish.kind.values[(of.finish[i] ?? 0) - 1];
    const known = FINISHES.find((one) => one === finish) ?? 'none';
    counts.set(known, (counts.get(known) ?? 0) + 1);
  }
  return [...counts]
    .map(([finish, count]) => ({ finish, count }))
    .toSorted((a, b) => b.count - a.count || a.finish.localeCompare(b.finish));
}

/** A record names all that holds of one answer, joined by commas. */
function oneByOne(lists: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [list, count] of lists)
    for (const one of list.split(',')) counts.set(one, (counts.get(one) ?? 0) + count);
  return counts;
}

/**
 * A cache gives a prompt's old answer to the same prompt again, id and all. An id that answers of different prompts share is no
 * name of an answer: some servers say the same always, Ollama draws from a thousand.
 */
function repeats(of: Measured): Pick<AnswerSummary, 'named' | 'repeated'> {
  const keys = of.optional.get('answer_key');
  const payload_of = new Map<number, number>();
  let named = 0;
  let shared = false;
  for (let i = 0; i < of.n; i += 1) {
    const key = keys?.[i] ?? Number.NaN;
    if (of.error[i] !== 0 || Number.isNaN(key)) continue;
    named += 1;
    const payload = of.payload[i] ?? 0;
    if ((payload_of.get(key) ?? payload) !== payload) shared = true;
    payload_of.set(key, payload);
  }
  return { named, repeated: shared || payload_of.size < 2 ? 0 : named - payload_of.size };
}

function arrivalShape(of: Measured): ArrivalShape | null {
  const column = (name: OptionalTrend): Float64Array => of.optional.get(name) ?? new Float64Array();
  const [tokens, events, reads] = [column('tokens'), column('token_events'), column('token_reads')];
  const first = column('first_read_events');
  let [answers, in_one_read, in_one_event] = [0, 0, 0];
  let [several, first_events, later_events, later_reads] = [0, 0, 0, 0];
  let [all_tokens, all_events] = [0, 0];
  for (let i = 0; i < of.n; i += 1) {
    const own = events[i] ?? 0;
    if (of.error[i] !== 0 || !(own > 0) || !((tokens[i] ?? 0) >= SOME_TOKENS)) continue;
    answers += 1;
    all_tokens += tokens[i] ?? 0;
    all_events += own;
    if (own === 1) in_one_event += 1;
    if ((reads[i] ?? 0) <= 1) in_one_read += 1;
    else {
      several += 1;
      first_events += first[i] ?? 0;
      later_events += own - (first[i] ?? 0);
      later_reads += (reads[i] ?? 0) - 1;
    }
  }
  if (answers === 0) return null;
  return {
    answers,
    in_one_read,
    in_one_event,
    first_read_events: several === 0 ? null : first_events / several,
    later_read_events: later_reads === 0 ? null : later_events / later_reads,
    tokens_per_event: (of.estimated ?? 0) > 0 ? null : all_tokens / all_events,
  };
}
