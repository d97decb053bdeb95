// Payloads with assertions, and promptfoo configurations, from files.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LABELLED, PROMPTS, readPayloads } from '../../cli/read/payloads.ts';

function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), 'payloads-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}
const lines = (jsonl: string): unknown[] =>
  jsonl
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

describe('payloads with assertions', () => {
  it('send none of what is known of a right answer to the server', () => {
    const path = folder({
      'a.jsonl':
        '{"prompt":"x","top_p":0.5,"expected":"y","assert":[{"type":"contains","value":"y"}],"answer":"y","worst":{}}',
    });
    const set = readPayloads(join(path, 'a.jsonl'), 'a.jsonl', PROMPTS);
    expect(set.payloads).toMatchObject([{ messages: [{ role: 'user', content: 'x' }] }]);
    expect(set.payloads.map((one) => ('members' in one ? one.members : null))).toEqual([{ top_p: 0.5 }]);
  });

  it('are kept with them for whoever scores, their files read', () => {
    const path = folder({
      'a.jsonl':
        '{"id":"p","prompt":"x","assert":[{"type":"is-json","value":"file://s.schema","metric":"shape"},{"type":"javascript","value":"file://c.mjs"}]}\n{"prompt":"y"}\n',
      's.schema': '{"type":"object"}',
    });
    const set = readPayloads(join(path, 'a.jsonl'), 'a.jsonl', PROMPTS);
    expect([set.labelled, set.metrics]).toEqual([1, ['shape', 'accuracy']]);
    expect(lines(set.jsonl)[0]).toMatchObject({
      id: 'p',
      assert: [
        { type: 'is-json', value: { type: 'object' } },
        { type: 'javascript', value: `file://${path}/c.mjs` },
      ],
    });
  });

  it('of a JSON service give the metrics that its fields are', () => {
    const path = folder({
      'a.json': '[{"request":{"t":1},"expected":{"corrected":"A","summary":["b"]}}]',
    });
    const set = readPayloads(path, 'here', LABELLED, { corrected: { path: 'c', metric: 'correction' } });
    expect(set.metrics).toEqual(['correction', 'summary']);
  });

  it('come from a promptfoo configuration, and what is not supported is named', () => {
    const path = folder({
      'promptfooconfig.yaml':
        'prompts: [file://p.txt]\ntests: file://t.yaml\ndefaultTest: { assert: [{ type: latency, threshold: 5 }] }\n',
      'p.txt': 'Say {{word}}.\n',
      't.yaml': '- vars: { word: hi }\n  assert: [{ type: equals, value: file://e.txt }]\n',
      'e.txt': 'hi\n',
    });
    const set = readPayloads(join(path, 'promptfooconfig.yaml'), 'p', PROMPTS);
    expect(lines(set.jsonl)).toEqual([
      {
        id: 'test-1',
        messages: [{ role: 'user', content: 'Say hi.' }],
        assert: [{ type: 'equals', value: 'hi' }],
      },
    ]);
    expect(set.left_out).toEqual([expect.stringContaining('"latency" is not supported')]);
  });

  it.each([
    ['{"prompt":"x","assert":[{"type":"contians","value":"x"}]}', /a\.jsonl line 1: assert\[0\].*contains/],
    ['{"prompt":"x","assert":[{"type":"is-json","value":"file://no.json"}]}', /no\.json can't be read/],
    ['{"prompt":"x","expected":7}', /a\.jsonl line 1: field "expected" is 7/],
  ])('refuses %s', (line, message) => {
    const path = folder({ 'a.jsonl': line });
    expect(() => readPayloads(path, 'here', PROMPTS)).toThrow(message);
  });
});
