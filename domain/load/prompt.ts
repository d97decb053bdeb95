/** What is asked of a language model: a text or a conversation; and prompts of a given length, made from a seed alone. */
import { mix32 } from '../statistics/random.ts';
import { isFields } from '../text/fields.ts';
import type { Message } from '../protocols/protocol.ts';
import { assertSendable, type Members } from '../protocols/request-body.ts';
import { BadValue } from '../text/units.ts';

export interface Prompt {
  readonly id: string;
  readonly messages: readonly Message[];
  /** In place of the run's own; a trace records each answer's length. */
  readonly max_tokens?: number;
  /** The request's members that the payload has beside these (tools, response_format, top_p, ...), sent as they were written. */
  readonly members?: Members;
  /** What is known of a right answer: kept with the run, and never sent. */
  readonly expected?: unknown;
}

const SHAPE = '{"id":"...","prompt":"..."} or {"id":"...","messages":[{"role":"user","content":"..."}]}';

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'missing').slice(0, 60);

function messageOf(value: unknown, where: string): Message {
  if (!isFields(value)) throw new BadValue(`${where} is ${shown(value)}; allowed: {"role","content"}`);
  const { role, content } = value;
  if (typeof role !== 'string' || role === '')
    throw new BadValue(
      `${where}: field "role" is ${shown(role)}; allowed: text, as user, system, assistant or tool`,
    );
  // An assistant that calls a tool says nothing itself; a tool's answer may be empty.
  const silent = role === 'tool' || value['tool_calls'] !== undefined || value['function_call'] !== undefined;
  const filled =
    typeof content === 'string' ? content.trim() !== '' : Array.isArray(content) && content.length > 0;
  const none = content === undefined || content === null || content === '';
  if (!filled && !(silent && none))
    throw new BadValue(
      `${where}: field "content" is ${shown(content)}; allowed: text, or a list of content parts`,
    );
  return { ...value, role };
}

/** Every other member of a payload's line is one of the request. */
const READ_HERE = new Set([
  'id',
  'prompt',
  'messages',
  'max_tokens',
  'output_tokens',
  'output_length',
  'members',
  'extra_body',
  // What is known of a right answer, and what a run said of it: never sent, or the labels would be asked along.
  'expected',
  'assert',
  'answer',
  'worst',
]);

/** How long an answer may be by the payload itself: data sets of vLLM say `output_tokens`, traces `output_length`. */
function lengthOf(value: Readonly<Record<string, unknown>>, where: string): { max_tokens?: number } {
  const given = ['max_tokens', 'output_tokens', 'output_length'].filter((name) => value[name] !== undefined);
  if (given.length > 1)
    throw new BadValue(`${where}: both "${given[0]}" and "${given[1]}" are there; keep one of them`);
  const [name] = given;
  if (name === undefined) return {};
  const length = value[name];
  if (!(typeof length === 'number' && Number.isInteger(length) && length > 0))
    throw new BadValue(`${where}: field "${name}" is ${shown(length)}; allowed: a whole number from 1`);
  return { max_tokens: length };
}

function membersOf(value: Readonly<Record<string, unknown>>, where: string): { members?: Members } {
  const part = (name: string): Members => {
    const given = value[name] ?? {};
    if (!isFields(given))
      throw new BadValue(`${where}: field "${name}" is ${shown(given)}; allowed: an object of members`);
    return given;
  };
  const own = Object.entries(value).filter(([name]) => !READ_HERE.has(name));
  // A prompt that was read is written down for k6 with its members apart; OpenAI's clients merge an extra_body likewise.
  const members = { ...part('members'), ...part('extra_body'), ...Object.fromEntries(own) };
  assertSendable(members, where);
  return Object.keys(members).length === 0 ? {} : { members };
}

/**
 * One parsed JSON value to a prompt. `where` (file and line) leads every refusal; `fallback_id` serves a prompt without one.
 * @throws BadValue
 */
export function toPrompt(value: unknown, where: string, fallback_id: string): Prompt {
  if (!isFields(value)) throw new BadValue(`${where}: a prompt is ${SHAPE}, not ${shown(value)}`);
  const given = value['id'] ?? fallback_id;
  const id = typeof given === 'number' && Number.isFinite(given) ? String(given) : given;
  if (typeof id !== 'string' || id === '')
    throw new BadValue(`${where}: field "id" is ${shown(id)}; allowed: text or a number`);
  const { prompt, messages } = value;
  const further = {
    ...lengthOf(value, where),
    ...membersOf(value, where),
    ...(value['expected'] === undefined ? {} : { expected: value['expected'] }),
  };
  if ((prompt === undefined) === (messages === undefined))
    throw new BadValue(
      `${where}: ${prompt === undefined ? 'neither "prompt" nor "messages" is there' : 'both "prompt" and "messages" are there'}; a prompt is ${SHAPE}`,
    );
  if (messages === undefined) {
    if (typeof prompt !== 'string' || prompt.trim() === '')
      throw new BadValue(`${where}: field "prompt" is ${shown(prompt)}; allowed: text`);
    return { id, messages: [{ role: 'user', content: prompt }], ...further };
  }
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [];
  if (list.length === 0)
    throw new BadValue(`${where}: field "messages" is ${shown(messages)}; allowed: a list of at least one`);
  return {
    id,
    messages: list.map((message, i) => messageOf(message, `${where}: messages[${i}]`)),
    ...further,
  };
}

/** The text of a message: its content, or that of its parts. */
function contentText({ content }: Message): string {
  if (typeof content === 'string') return content;
  const parts: readonly unknown[] = Array.isArray(content) ? content : [];
  return parts
    .map((part) => (isFields(part) ? part['text'] : part))
    .filter((text) => typeof text === 'string')
    .join('\n');
}

/**
 * For protocols that take one text: what that text would leave out of the conversation is refused.
 * @throws BadValue
 */
export function assertTextOnly({ messages }: Prompt, where: string): void {
  messages.forEach((message, i) => {
    const { content } = message;
    const beside = Object.keys(message).filter((name) => !['role', 'content'].includes(name));
    const parts: readonly unknown[] = Array.isArray(content) ? content : [];
    const other = parts.find(
      (part) => !(isFields(part) ? typeof part['text'] === 'string' : typeof part === 'string'),
    );
    const what = beside[0] === undefined ? other : beside[0];
    if (what !== undefined)
      throw new BadValue(
        `${where}: messages[${i}] has ${shown(what)}, which an --api that takes one text can't send; use --api chat`,
      );
  });
}

/** The conversation as one text, for protocols that take one. */
export const textOf = (messages: readonly Message[]): string =>
  messages
    .map(contentText)
    .filter((text) => text !== '')
    .join('\n\n');

/** Puts a text that no other request has before everything else, so that no prefix cache can know the prompt. */
export function withPrefix(messages: readonly Message[], prefix: string): readonly Message[] {
  return messages.map((message, i) => {
    if (i > 0) return message;
    const { content } = message;
    if (Array.isArray(content)) {
      const parts: readonly unknown[] = content;
      return { ...message, content: [{ type: 'text', text: prefix }, ...parts] };
    }
    return { ...message, content: `${prefix}${contentText(message)}` };
  });
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
