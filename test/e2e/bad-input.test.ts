/** Bad input: one clear message with the cure, exit 2, nothing started, nothing written. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, suite, temporary } from '../support/suite.ts';

const runs = (): number => readdirSync(join(ROOT, 'results')).length;

describe('settings', () => {
  it.each<[string, string[], string[]]>([
    ['an unknown flag', ['shadow', '--vsu', '3'], ['--vsu', 'Did you mean --vus?']],
    ['an unknown command', ['shaddow'], ['shaddow', 'shadow']],
    ['an absurd number', ['shadow', '--vus', '-3'], ['--vus', '"-3"', 'from 1 to 20000']],
    ['a duration without a unit', ['shadow', '--duration', '60'], ['60s?']],
    [
      'a URL that is none',
      ['shadow', '--baseline-url', 'ftp://x', '--shadow-url', 'http://y'],
      ['ftp://x', 'http://HOST'],
    ],
    ['one server of two', ['shadow', '--baseline-url', 'http://127.0.0.1:1'], ['--shadow-url']],
    [
      'a host that has no name',
      ['baseline', '--baseline-url', 'http://no-such-host.invalid'],
      ["can't be reached", 'DNS'],
    ],
    [
      'a port where nothing listens',
      ['baseline', '--baseline-url', 'http://127.0.0.1:1'],
      ["can't be reached", 'nothing listens', '--baseline-url'],
    ],
    ['a secret on the command line', ['shadow', '--header', 'Authorization: Bearer x'], ['env:VARIABLE']],
    [
      'a header whose variable is empty',
      ['shadow', '--header', 'X-Key: env:NOT_SET_ANYWHERE'],
      ['NOT_SET_ANYWHERE'],
    ],
    ['a folder that is there', ['shadow', '--out', 'domain'], ['exists already']],
    ['no such payloads', ['shadow', '--payloads', 'no-such-folder'], ['no-such-folder']],
    ['a run that is none', ['compare', 'no-such-run'], ['no-such-run', 'is no run']],
    ['half a pair', ['compare', '--baseline', 'x'], ['--shadow']],
    ['a gate that is none', ['shadow', '--require', 'p95'], ['"p95" is no gate', 'request_duration_p95']],
    ['looks that have no room', ['shadow', '--until-decided', '--max-duration', '61s'], ['3 to 5 looks']],
    ['a certificate without its key', ['shadow', '--client-cert', 'package.json'], ['--client-key']],
  ])('%s', async (_, args, says) => {
    const before = runs();
    const { code, stderr } = await suite(args);
    for (const text of says) expect(stderr).toContain(text);
    expect(stderr).not.toMatch(/\n +at /);
    expect(code).toBe(2);
    expect(runs()).toBe(before);
  });

  it('a misspelt variable, rather than its default', async () => {
    const { code, stderr } = await suite(['shadow'], { env: { BASELINE_ULR: 'http://x' } });
    expect(stderr).toContain('did you mean BASELINE_URL?');
    expect(code).toBe(2);
  });
});

describe('payload files', () => {
  it.each([
    ['a.json', '{', ['a.json', 'is not JSON']],
    ['b.jsonl', '{"request":{"text":"x"}}\n{"request":\n', ['b.jsonl line 2', 'is not JSON']],
    ['c.jsonl', '{"id":"x"}\n', ['c.jsonl line 1', 'field "request" is missing']],
    ['d.jsonl', '{"id":"x","request":{}}\n{"id":"x","request":{}}\n', ['"x" stands twice']],
    ['e.jsonl', '\n', ['holds no payload']],
  ])('%s', async (name, text, says) => {
    using folder = temporary();
    mkdirSync(join(folder.path, 'p'));
    writeFileSync(join(folder.path, 'p', name), text);
    const { code, stderr } = await suite(['shadow', '--payloads', join(folder.path, 'p')]);
    for (const word of says) expect(stderr).toContain(word);
    expect(code).toBe(2);
  });
});

describe('k6', () => {
  it('none and no Go: says what to install', async () => {
    const node = join(process.execPath, '..');
    // A cached build must not help out.
    const { code, stderr } = await suite(['smoke'], { env: { PATH: node, K6_BINARY: '/no/such/k6' } });
    expect(stderr).toMatch(/K6_BINARY is "\/no\/such\/k6", which doesn't run/);
    expect(code).toBe(2);
  });
});

describe('a server that answers rubbish', () => {
  it('over TLS where the URL says http is named, not dumped', async () => {
    const server = createServer((_, response) => response.end('ok'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr } = await suite(['baseline', '--baseline-url', `https://127.0.0.1:${port}`]);
    server.close();
    expect(stderr).toContain("can't be reached");
    expect(stderr).toContain('http:// rather than https://');
    expect(code).toBe(2);
  });
});
