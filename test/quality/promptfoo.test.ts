import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fromPromptfoo, isPromptfoo } from '../../domain/quality/promptfoo.ts';

const CONFIG = `
description: capitals
prompts:
  - 'What is the capital of {{country}}?'
  - '[{"role":"system","content":"Be brief."},{"role":"user","content":"Capital of {{ country }}?"}]'
providers: [openai:gpt-4o-mini]
defaultTest:
  assert:
    - type: not-contains
      value: sorry
tests:
  - vars: { country: France }
    assert:
      - { type: icontains, value: paris, metric: knows }
      - { type: llm-rubric, value: 'names the capital of {{country}}' }
  - vars: { country: Peru }
    threshold: 0.5
    assert:
      - { type: perplexity, threshold: 5 }
      - { type: contains-all, value: [Lima], provider: openai:x }
`;

const read = (config: unknown) => {
  if (!isPromptfoo(config)) throw new Error('no configuration');
  return fromPromptfoo(config, 'promptfooconfig.yaml');
};

describe('a promptfoo configuration', () => {
  it('gives each prompt with each test, its variables filled in', () => {
    const { payloads } = read(parse(CONFIG));
    expect(payloads.map(({ id }) => id)).toEqual([
      'prompt-1-test-1',
      'prompt-2-test-1',
      'prompt-1-test-2',
      'prompt-2-test-2',
    ]);
    expect(payloads[0]).toEqual({
      id: 'prompt-1-test-1',
      prompt: 'What is the capital of France?',
      assert: [
        { type: 'not-contains', value: 'sorry' },
        { type: 'icontains', value: 'paris', metric: 'knows' },
        { type: 'llm-rubric', value: 'names the capital of France' },
      ],
    });
    expect(payloads[3]?.['messages']).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Capital of Peru?' },
    ]);
  });

  it('names what is left out', () => {
    expect(read(parse(CONFIG)).left_out).toEqual([
      'promptfooconfig.yaml: "threshold" of a test is not supported',
      'promptfooconfig.yaml: the assertion "perplexity" is not supported and is left out',
      'promptfooconfig.yaml: "provider" of the assertion contains-all is not supported',
    ]);
    expect(read({ prompts: ['{% if x %}a{% endif %}', 'plain'], scenarios: [] }).left_out).toEqual([
      'promptfooconfig.yaml: "scenarios" of the configuration is not supported',
      expect.stringContaining('needs a template engine'),
    ]);
  });

  it.each([
    [{ prompts: ['{{a}}'] }, /\{\{a\}\}, and vars has none/],
    [{ prompts: ['{{a}}'], tests: [{ vars: { a: [1, 2] } }] }, /vars\.a is a list/],
    [{ prompts: ['exec:x.py'] }, /no prompt that can be read/],
    [{ prompts: ['x'], tests: 'all' }, /"tests" is "all"; allowed: a list/],
  ])('refuses %j', (config, message) => {
    expect(() => read(config)).toThrow(message);
  });
});
