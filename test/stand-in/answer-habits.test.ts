/** Each habit of the language-model stand-in, as the suite's own reader sees it. */
import { expect, test } from 'vitest';
import { streamedAnswer, streamFailure } from '../../domain/protocols/answer.ts';
import { PROTOCOLS, type Api } from '../../domain/protocols/index.ts';
import { readStream } from '../../domain/protocols/read-stream.ts';
import { start } from '../../stand-in/openai.ts';
import { closing, post } from './running.ts';

const running = closing();
const TOKENS = 12;

async function answerOf(fault: string, api: Api = 'chat') {
  const url = await running(start({ ttft_ms: 2, itl_ms: 1, prefill_token_ms: 0, fault: [fault] }));
  const protocol = PROTOCOLS[api];
  const asked = protocol.body({
    messages: [{ role: 'user', content: 'Why is the sky blue?' }],
    prompt: 'Why is the sky blue?',
    model: null,
    max_tokens: TOKENS,
    force_length: true,
    temperature: 0,
    stream: true,
  });
  const response = await post(`${url}${protocol.path}`, asked);
  const facts = readStream(await response.text(), protocol.stream);
  return { response, facts, answer: streamedAnswer(facts), failed: streamFailure(facts, protocol) };
}

test.each<[string, string | null, string | null, number, string[]]>([
  ['slow=0.001', null, 'length', TOKENS, []],
  ['no_terminator=1', 'no_terminator', null, TOKENS, []],
  ['no_finish=1', 'no_finish', null, TOKENS / 2, []],
  ['abort=1', 'aborted', 'abort', TOKENS / 2, []],
  ['abort_object=1', 'aborted', 'abort', TOKENS / 2, []],
  ['finish_error=1', 'ended_in_error', 'error', TOKENS / 2, []],
  ['filtered=1', null, 'content_filter', TOKENS / 2, []],
  ['error_event=1', 'error_event', null, TOKENS / 2, []],
  ['error_code=1', 'error_event', null, TOKENS / 2, []],
  ['zero_tokens=1', 'no_token', 'length', 0, []],
  ['thinks_only=1', 'no_answer', 'length', TOKENS, []],
  ['one_event=1', null, 'length', 1, []],
  ['one_read=1', null, 'length', TOKENS, []],
  ['held_back=1:5', null, 'length', TOKENS, []],
  ['no_done=1', null, 'length', TOKENS, ['no_terminator']],
  ['spaced_done=1', null, 'length', TOKENS, ['spaced_terminator']],
  ['open_end=1', null, 'length', TOKENS, ['open_end']],
  ['keep_alive=1', null, 'length', TOKENS, ['keep_alive']],
  ['empty_error=1', null, 'length', TOKENS, []],
  ['unknown_event=1', null, 'length', TOKENS, ['unknown_event']],
  ['single_line_feeds=1', 'bad_json', null, 0, []],
])('%s', async (fault, error, finish, events, odd) => {
  const { failed, answer, facts } = await answerOf(fault);
  expect([failed?.error ?? null, answer.finish, facts.token_events, facts.oddities]).toEqual([
    error,
    finish,
    events,
    odd,
  ]);
});

test('what an answer says of itself', async () => {
  expect((await answerOf('other_model=1')).answer.names.model).toBe('small-stand-by');
  expect((await answerOf('old_id=1')).answer.names.id).toBe('an-earlier-answer');
  expect((await answerOf('prompt_cut=1:3')).answer.counts.prompt_tokens).toBe(3);
  expect((await answerOf('hidden_reasoning=1:600')).answer.counts).toMatchObject({
    completion_tokens: TOKENS + 600,
    reasoning_tokens: 600,
  });
  const { response } = await answerOf('odd_content_type=1');
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
});

test("llama.cpp's answers say how they ended too", async () => {
  expect(await answerOf('slow=0.001', 'llama')).toMatchObject({ failed: null, answer: { finish: 'length' } });
  expect(await answerOf('abort=1', 'llama')).toMatchObject({ failed: { error: 'aborted' } });
  expect(await answerOf('no_terminator=1', 'llama')).toMatchObject({ failed: { error: 'no_terminator' } });
});

test('held back tokens come together, the others one by one', async () => {
  const url = await running(
    start({ ttft_ms: 2, itl_ms: 15, itl_cv: 0, prefill_token_ms: 0, fault: ['held_back=1:5'] }),
  );
  const asked = {
    messages: [{ role: 'user', content: 'a' }],
    stream: true,
    max_tokens: 10,
    ignore_eos: true,
  };
  const response = await post(`${url}/v1/chat/completions`, asked);
  const pieces: number[] = [];
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? [])
    pieces.push(decoder.decode(bytes, { stream: true }).match(/"content":"[^"]+"/g)?.length ?? 0);
  expect(pieces.find((tokens) => tokens > 0)).toBe(5);
});
