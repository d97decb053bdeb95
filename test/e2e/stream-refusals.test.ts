/** What is refused before a language model is loaded: the bad value, what is allowed, the cure; exit 2. */
import { expect, test } from 'vitest';
import { suite } from '../support/suite.ts';

const short = ['--duration', '1s', '--warm-up', '0s', '--drain', '0s', '--no-dashboard', '--vus', '1'];

test.each([
  ['a misspelt model', ['--model', 'stand-in-7b'], ['"stand-in-7b"', 'did you mean stand-in-8b?']],
  [
    "a shadow's model that is nowhere",
    ['--shadow-model', 'x', '--shadow-stand-in', '--adapter lora-a'],
    ['--shadow-model', '"x"', 'lora-a'],
  ],
  ['an SLO of no known time', ['--slo', 'ttft=200ms,tpto=50ms'], ['"tpto"', 'did you mean tpot?']],
  ['an SLO without a unit', ['--slo', 'ttft=200'], ['"200"', 'a unit is missing']],
  ['an SLO without a value', ['--slo', 'ttft'], ['"ttft"', 'ttft=200ms,tpot=50ms']],
  ['an SLO that whole answers lack', ['--slo', 'ttft=1s', '--no-stream'], ['--no-stream']],
  ['events that come whole', ['--api', 'events', '--no-stream'], ['always streams']],
  ['an unknown API', ['--api', 'chatt'], ['did you mean chat?']],
  ['no tokens', ['--max-tokens', '0'], ['"0"', 'from 1']],
])('%s', async (_, flags, words) => {
  const { code, stderr } = await suite(['stream', ...short, ...flags]);
  expect(code).toBe(2);
  for (const word of words) expect(stderr).toContain(word);
});

test.each([
  [
    'does not stream',
    ['--baseline-stand-in', '--fault no_stream=1'],
    ['does not stream when asked', '--no-stream'],
  ],
  [
    'answers with a page',
    ['--shadow-stand-in', '--fault wrong_content_type=1'],
    ['shadow', 'HTML page', 'Sign in'],
  ],
  ['has no such path', ['--api', 'llama', '--api-path', '/complet'], ['404', '--api-path']],
])('a server that %s', async (_, flags, words) => {
  const { code, stderr } = await suite(['stream', ...short, ...flags]);
  expect(code).toBe(2);
  for (const word of words) expect(stderr).toContain(word);
});

test('a server that fails at first is loaded all the same: the load counts it', async () => {
  const { code, stderr } = await suite(['stream', ...short, '--baseline-stand-in', '--fault status=1:503']);
  expect(stderr).toContain('the load will count such');
  expect(code).not.toBe(2);
});

test('prompts of the wrong shape are named by file, line and field', async () => {
  const { code, stderr } = await suite(['stream', ...short, '--payloads', 'payloads/happy-path-01.json']);
  expect(code).toBe(2);
  expect(stderr).toContain('happy-path-01.json');
  expect(stderr).toContain('neither "prompt" nor "messages"');
});
