/** What is asked of a language model: a text or a conversation; and prompts of a given length, made from a seed alone. */
import { mix32 } from '../statistics/random.ts';
import { isFields } from '../text/fields.ts';
import type { Message } from '../protocols/protocol.ts';
import { BadValue } from '../text/units.ts';

export interface Prompt {
  readonly id: string;
  readonly messages: readonly Message[];
  /** In place of the run's own; a trace records each answer's length. */
  readonly max_tokens?: number;
}

const SHAPE = '{"id":"...","prompt":"..."} or {"id":"...","messages":[{"role":"user","content":"..."}]}';

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 60);

function messageOf(value: unknown, where: string): Message {
  if (!isFields(value)) throw new BadValue(`${where} is ${shown(value)}; allowed: {"role","content"}`);
  const { role, content } = value;
  if (typeof role !== 'string' || role === '')
    throw new BadValue(`${where}: field "role" is ${shown(role)}; allowed: user, system, assistant`);
  if (typeof content !== 'string' || content.trim() === '')
    throw new BadValue(`${where}: field "content" is ${shown(content)}; allowed: text`);
  return { role, content };
}

/**
 * One parsed JSON value to a prompt. `where` (file and line) leads every refusal; `fallback_id` serves a prompt without one.
 * @throws BadValue
 */
export function toPrompt(value: unknown, where: string, fallback_id: string): Prompt {
  if (!isFields(value)) throw new BadValue(`${where}: a prompt is ${SHAPE}, not ${shown(value)}`);
  const id = value['id'] ?? fallback_id;
  if (typeof id !== 'string' || id === '')
    throw new BadValue(`${where}: field "id" is ${shown(id)}; allowed: text`);
  const { prompt, messages, max_tokens } = value;
  if (
    max_tokens !== undefined &&
    !(typeof max_tokens === 'number' && Number.isInteger(max_tokens) && max_tokens > 0)
  )
    throw new BadValue(
      `${where}: field "max_tokens" is ${shown(max_tokens)}; allowed: a whole number from 1`,
    );
  const length = max_tokens === undefined ? {} : { max_tokens };
  if ((prompt === undefined) === (messages === undefined))
    throw new BadValue(
      `${where}: ${prompt === undefined ? 'neither "prompt" nor "messages" is there' : 'both "prompt" and "messages" are there'}; a prompt is ${SHAPE}`,
    );
  if (messages === undefined) {
    if (typeof prompt !== 'string' || prompt.trim() === '')
      throw new BadValue(`${where}: field "prompt" is ${shown(prompt)}; allowed: text`);
    return { id, messages: [{ role: 'user', content: prompt }], ...length };
  }
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  if (list.length === 0)
    throw new BadValue(`${where}: field "messages" is ${shown(messages)}; allowed: a list of at least one`);
  return {
    id,
    messages: list.map((message, i) => messageOf(message, `${where}: messages[${i}]`)),
    ...length,
  };
}

/** The conversation as one text, for protocols that take one. */
export const textOf = (messages: readonly Message[]): string =>
  messages.map(({ content }) => content).join('\n\n');

/** Puts a text that no other request has before everything else, so that no prefix cache can know the prompt. */
export function withPrefix(messages: readonly Message[], prefix: string): readonly Message[] {
  return messages.map((message, i) =>
    i === 0 ? { ...message, content: `${prefix}${message.content}` } : message,
  );
}

/**
 * The prefix of the request with this index: the same for both variants, another in each run (`nonce`). It differs from the
 * first character on, since caches compare from the start.
 */
export function uniquePrefix(nonce: string, seed: number, index: number): string {
  let key = mix32(seed);
  for (let i = 0; i < nonce.length; i += 1) key = mix32(key ^ nonce.charCodeAt(i));
  const word = (salt: number): string => mix32(mix32(key + index) + salt).toString(36);
  return `${word(1)}${word(2)} `;
}

/** Common words of one token each in most vocabularies, so that words are close to tokens. */
const WORDS = (
  'the of and to in is that for it was on are as with they at be this from have or by one had not but what all were when ' +
  'we there can an your which their said if do will each about how up out them then she many some so these would other into ' +
  'has more her two like him see time could no make than first been its who now people my made over did down only way find use ' +
  'water long little very after words called just where most know get through back much before also around another came come ' +
  'work three word must because does part'
).split(' ');

const CLOSING = 'Go on with this text for as long as you can.';

/** A prompt of so many words, the last of them an instruction; the model's own count of tokens is in its answer. */
export function promptOfLength(words: number, seed: number): Prompt {
  const closing = CLOSING.split(' ').slice(-words);
  const filling = Array.from(
    { length: words - closing.length },
    (_, i) => WORDS[mix32(mix32(seed + words) + i) % WORDS.length] ?? 'the',
  );
  return {
    id: `words-${words}`,
    messages: [{ role: 'user', content: [...filling, ...closing].join(' ') }],
  };
}
