// A judge model: it grades an answer by whether it has the words that the rubric asks for, and errs as real judges do, by flag.
import * as v from 'valibot';
import { setting, number } from '../domain/settings/kinds.ts';
import type { Values } from '../domain/settings/parse.ts';
import { commonFlags } from './kit/common.ts';
import { defaultsOf } from './kit/command-line.ts';
import { faultHelp, serverFaults, transportFaults, type FaultRules } from './kit/faults.ts';
import { type Host, type Running, processHost, runAsMain } from './kit/process.ts';
import type { Answer } from './kit/respond.ts';
import { StandIn } from './kit/server.ts';
import { sleep } from './kit/sleep.ts';

const judgeFaults = {
  nonsense: { measure: 'share', doc: 'prose without a score' },
  contradicts: { measure: 'share', doc: 'the opposite score' },
  first_always: { measure: 'share', doc: 'of two answers it prefers the first, whatever it says' },
} as const satisfies FaultRules<string>;
const fault_rules = { ...transportFaults, ...serverFaults, ...judgeFaults };

const { port, seed, fault, fault_path } = commonFlags;
const flags = {
  port,
  seed,
  delay_ms: setting(number({ min: 0, max: 3_600_000 }), 20, 'what a question takes'),
  fault,
  fault_path,
};
export type JudgeFlags = Values<typeof flags>;

const Chat = v.object({
  model: v.string(),
  messages: v.pipe(v.array(v.object({ role: v.string(), content: v.string() })), v.minLength(1)),
});
const Embeddings = v.object({ model: v.string(), input: v.array(v.string()) });

const error = (status: number, message: string): Answer => ({
  status,
  body: { error: { message, code: status } },
});

/** What stands between the marks of this name. */
const between = (text: string, name: string): string =>
  new RegExp(`<${name}-\\w+>\\n([^]*?)\\n</${name}-\\w+>`).exec(text)?.[1] ?? '';

/** The words that the rubric has in quotation marks. */
const wanted = (text: string): string[] =>
  [...(/^(?:Rubric|What is better): (.*)$/m.exec(text)?.[1] ?? '').matchAll(/"([^"]+)"/g)].map(
    ([, word = '']) => word,
  );

/** The share of the wanted words that an answer has. */
function grade(text: string, answer: string): number {
  const words = wanted(text);
  return words.length === 0 ? 0 : words.filter((word) => answer.includes(word)).length / words.length;
}

function judged(question: string, kind: string): string {
  if (kind === 'nonsense') return 'Well, that depends on how you look at it.';
  const turn = (score: number): number => (kind === 'contradicts' ? 1 - score : score);
  if (!question.includes('<first-'))
    return JSON.stringify({ reason: 'as asked', score: turn(grade(question, between(question, 'answer'))) });
  const [first, second] = [
    grade(question, between(question, 'first')),
    grade(question, between(question, 'second')),
  ];
  const better = kind === 'first_always' || first > second ? 'first' : first < second ? 'second' : 'tie';
  return JSON.stringify({ reason: 'as asked', better });
}

/** How often each letter stands in a text: near texts are near. */
const embedding = (text: string): number[] =>
  Array.from({ length: 26 }, (_, i) => text.toLowerCase().split(String.fromCodePoint(97 + i)).length - 1);

/** Starts the judge in this process. @throws {BadValue} at bad flags; rejects where the port is taken */
export async function start(given: Partial<JudgeFlags> = {}, host: Host = processHost): Promise<Running> {
  const options = { ...defaultsOf(flags), ...given };
  const server = new StandIn({
    ...options,
    server: 'judge',
    variant: 'baseline',
    workers: Infinity,
    fault_rules,
    host,
    wordProblem: ({ status, message }) => error(status, message),
  });
  server.health(() => ({ status: 'ok', server: 'judge' }));
  server.get('/v1/models', async () => ({
    body: { object: 'list', data: [{ id: 'stand-in-judge', object: 'model' }] },
  }));
  server.post('/v1/chat/completions', Chat, async ({ messages }, work): Promise<Answer> => {
    await sleep(options.delay_ms * work.slowdown + work.extra_ms);
    const question = messages.at(-1)?.content ?? '';
    const content = judged(question, work.fault?.kind ?? '');
    return {
      body: {
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        usage: { prompt_tokens: Math.ceil(question.length / 4), completion_tokens: 20 },
      },
    };
  });
  server.post('/v1/embeddings', Embeddings, async ({ input }) => ({
    body: {
      data: input.map((text, index) => ({ index, embedding: embedding(text) })),
      usage: { prompt_tokens: Math.ceil(input.join('').length / 4), completion_tokens: 0 },
    },
  }));
  return server.listen();
}

runAsMain(import.meta.url, {
  server: 'judge',
  flags,
  help: `\n${faultHelp(fault_rules)}`,
  start,
  variantOf: () => null,
});
