/** The body of a request: what the protocol says, what the payload has of its own, what the run's settings change. */
import { BadValue } from '../text/units.ts';
import type { Ask, Protocol } from './protocol.ts';

export type Members = Readonly<Record<string, unknown>>;

/** The members with these changes: one that is null is taken out. */
function changed(body: Members, changes: Members): Members {
  const entries = Object.entries({ ...body, ...changes });
  return Object.fromEntries(entries.filter(([name]) => changes[name] !== null));
}

/**
 * @param own the payload's members, sent as they were written; its `max_completion_tokens` stands in place of the run's limit
 * @param changes the run's, one after the other; null takes a member out
 */
export function requestBody(
  protocol: Pick<Protocol, 'body'>,
  ask: Ask,
  own: Members,
  changes: readonly Members[],
): Members {
  const { max_tokens, ...rest } = protocol.body(ask);
  const limit = max_tokens === undefined || 'max_completion_tokens' in own ? {} : { max_tokens };
  return changes.reduce<Members>(changed, { ...rest, ...limit, ...own });
}

/** The limit that a payload sets by its own members; null: none. */
export function answerLimit({ max_completion_tokens: limit }: Members): number | null {
  return typeof limit === 'number' ? limit : null;
}

/**
 * Where a path of the protocol lies below a base URL. A base that ends as the path begins, as the base URLs of SDKs do
 * (`.../v1`), is taken as meant.
 */
export function endpointUrl(base: string, path: string): string {
  const clean = base.replace(/\/+$/, '');
  const [, first = ''] = /^(\/[^/?]+)\//.exec(path) ?? [];
  return first !== '' && clean.endsWith(first) ? `${clean}${path.slice(first.length)}` : `${clean}${path}`;
}

/** Members of a payload that a request can't have as they stand, and where what they mean belongs. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  stream: '--no-stream says it for the whole run',
  n: 'one answer is read of each request',
  system: 'write it as the first of "messages", {"role":"system","content":"..."}',
  timestamp: 'times belong to a trace (--arrival trace:FILE)',
};

/** @throws BadValue for a member that can't be sent as it is */
export function assertSendable(own: Members, where: string): void {
  for (const [name, why] of Object.entries(ELSEWHERE))
    if (own[name] !== undefined && !(name === 'n' && own[name] === 1))
      throw new BadValue(`${where}: field "${name}" can't be sent as it is: ${why}`);
}
