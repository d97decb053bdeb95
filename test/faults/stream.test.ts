/** Every oddity of a streaming server, end to end: counted as its kind, and said in words. One run holds many: a share each. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJson, suite, temporary } from '../support/suite.ts';
import * as v from 'valibot';

const Variant = v.object({
  requests: v.number(),
  ok: v.number(),
  failed: v.number(),
  errors: v.array(v.object({ kind: v.string(), status: v.nullable(v.number()), count: v.number() })),
  trends: v.record(v.string(), v.object({ n: v.number(), p50: v.number(), max: v.number() })),
  tokens: v.nullable(v.object({ answers: v.number(), estimated: v.number(), mean: v.number() })),
  goodput: v.nullable(v.object({ met: v.number(), share: v.number() })),
});
const Comparison = v.object({
  variants: v.object({ baseline: Variant, shadow: v.optional(Variant) }),
  checks: v.array(
    v.object({ id: v.string(), answer: v.string(), subject: v.object({ variant: v.nullable(v.string()) }) }),
  ),
  findings: v.array(
    v.object({
      code: v.string(),
      variant: v.nullable(v.string()),
      args: v.record(v.string(), v.union([v.string(), v.number()])),
    }),
  ),
  verdict: v.object({ word: v.string() }),
});

interface Run extends v.InferOutput<typeof Comparison> {
  readonly code: number | null;
  readonly markdown: string;
}

const FAST = ['--ttft-ms 10', '--itl-ms 1', '--tokens 12'];

/** A short run on stand-ins that are fast, so that a few seconds hold some hundred answers. */
async function run(baseline: readonly string[], flags: readonly string[] = []): Promise<Run> {
  using folder = temporary();
  const out = join(folder.path, 'run');
  const fast = (args: readonly string[]): string => {
    const own = args.join(' ');
    const rest = FAST.filter((flag) => !own.includes(flag.split(' ')[0] ?? ''));
    return [...rest, own].join(' ');
  };
  const { code, stderr } = await suite([
    'stream',
    ...'--duration 3s --warm-up 0s --drain 0s --vus 8 --timeout 1500ms --max-tokens 24'.split(' '),
    '--no-dashboard',
    '--out',
    out,
    '--baseline-stand-in',
    fast(baseline),
    '--shadow-stand-in',
    fast([]),
    ...flags,
  ]);
  expect(stderr).not.toContain('bug of the suite');
  const comparison = v.parse(Comparison, readJson(join(out, 'comparison.json')));
  return { ...comparison, code, markdown: readFileSync(join(out, 'comparison.md'), 'utf8') };
}

const kinds = ({ variants }: Run): Record<string, number> =>
  Object.fromEntries(
    variants.baseline.errors.map(({ kind, status, count }) => [
      kind === 'status' ? `status ${status}` : kind,
      count,
    ]),
  );

const caught = (of: Run): void => {
  expect(of.variants.baseline.failed + of.variants.baseline.ok).toBe(of.variants.baseline.requests);
  expect(of.checks).toContainEqual(
    expect.objectContaining({ id: 'request_failed_rate', subject: { variant: 'baseline' }, answer: 'fail' }),
  );
  // 4 where this machine is too busy to be believed; the failed limit stands either way.
  expect([99, 4]).toContain(of.code);
};

test('failures inside the stream', async () => {
  const of = await run([
    ...['cut_stream', 'no_terminator', 'error_event', 'garbage_line', 'zero_tokens', 'no_stream'].map(
      (fault) => `--fault ${fault}=0.1`,
    ),
    '--fault no_usage=0.1',
  ]);
  const seen = kinds(of);
  for (const kind of ['reset', 'cut_body'].filter((one) => seen[one] !== undefined))
    expect(seen[kind]).toBeGreaterThan(0);
  expect((seen['reset'] ?? 0) + (seen['cut_body'] ?? 0)).toBeGreaterThan(0);
  expect(seen).toMatchObject({
    no_terminator: expect.any(Number),
    error_event: expect.any(Number),
    bad_json: expect.any(Number),
    no_token: expect.any(Number),
    not_sse: expect.any(Number),
  });
  caught(of);
  const { baseline } = of.variants;
  expect(baseline.tokens?.estimated).toBeGreaterThan(0);
  expect(of.findings).toContainEqual(
    expect.objectContaining({ code: 'tokens_estimated', variant: 'baseline' }),
  );
  expect(of.markdown).toContain('no terminator');
  expect(of.markdown).toContain('the server gave no token count');
  // Failures never enter the times of answers.
  expect(baseline.trends['ttft']?.n).toBe(baseline.ok);
});

test('answers that the server gave up, dropped or never began', async () => {
  const of = await run(
    ['abort', 'abort_object', 'finish_error', 'no_finish', 'error_code', 'thinks_only'].map(
      (fault) => `--fault ${fault}=0.1`,
    ),
  );
  expect(kinds(of)).toEqual({
    aborted: expect.any(Number),
    ended_in_error: expect.any(Number),
    no_finish: expect.any(Number),
    error_event: expect.any(Number),
    no_answer: expect.any(Number),
  });
  caught(of);
});

test('odd answers that can be read are read, and told', async () => {
  const faults = ['no_done', 'spaced_done', 'open_end', 'keep_alive', 'empty_error', 'odd_content_type'];
  const of = await run([...faults, 'unknown_event', 'stale'].map((fault) => `--fault ${fault}=0.1`));
  expect(kinds(of)).toEqual({});
  const odd = of.findings.flatMap(({ code, args }) =>
    code === 'odd_answers' ? [String(args['oddity'])] : [],
  );
  const read = [
    'content_type',
    'keep_alive',
    'no_terminator',
    'open_end',
    'spaced_terminator',
    'unknown_event',
  ];
  expect(new Set(odd)).toEqual(new Set(read));
});

test('what an answer says of itself, and how it came, is told', async () => {
  const faults = ['other_model=0.2', 'hidden_reasoning=0.2:600', 'one_event=0.2', 'filtered=0.2'];
  const of = await run(faults.map((fault) => `--fault ${fault}`));
  const codes = of.findings.flatMap(({ code, variant }) => (variant === 'baseline' ? [code] : []));
  expect(codes).toEqual(
    expect.arrayContaining(['several_models', 'hidden_tokens', 'comes_whole', 'content_filtered']),
  );
  expect(of.variants.baseline.failed).toBe(0);
  // Hidden tokens are in no figure: no answer is longer than what was asked.
  expect(of.variants.baseline.tokens?.mean).toBeLessThanOrEqual(24);
  // One event has no time a token.
  expect(of.variants.baseline.trends['tpot']?.n).toBeLessThan(of.variants.baseline.ok);
  expect(of.findings.filter(({ variant }) => variant === 'shadow').map(({ code }) => code)).not.toEqual(
    expect.arrayContaining(['several_models']),
  );
});

test('failures before and around the stream', async () => {
  const of = await run(
    [
      ...['reset=0.1', 'rate_limit=0.1', 'status=0.1:503', 'wrong_content_type=0.1', 'hang=0.05'].map(
        (fault) => `--fault ${fault}`,
      ),
      '--fault huge_line=0.05:3000000',
    ],
    ['--slo', 'ttft=10s'],
  );
  expect(kinds(of)).toMatchObject({
    reset: expect.any(Number),
    'status 429': expect.any(Number),
    'status 503': expect.any(Number),
    content_type: expect.any(Number),
    timeout: expect.any(Number),
  });
  caught(of);
  // A line of megabytes is an answer like any other, and goodput counts every request sent.
  expect(of.variants.baseline.goodput?.met).toBe(of.variants.baseline.ok);
  expect(of.variants.baseline.goodput?.share).toBeCloseTo(
    of.variants.baseline.ok / of.variants.baseline.requests,
  );
});

test('a stall between tokens is a valid answer with a long gap', async () => {
  const of = await run(['--fault stall=0.2:700'], ['--slo', 'tpot=20ms']);
  const { baseline, shadow } = of.variants;
  expect(baseline.failed).toBe(0);
  expect(baseline.trends['itl']?.max).toBeGreaterThan(650);
  expect(baseline.goodput?.share).toBeLessThan(1);
  expect(baseline.goodput?.share).toBeLessThan(shadow?.goodput?.share ?? 0);
});

test('a role-only delta at arrival is no token, whatever its content says', async () => {
  for (const content of ['null', 'empty', 'absent']) {
    const of = await run(
      [`--ttft-ms 300 --ttft-cv 0 --role-chunk arrival --role-content ${content}`],
      ['--duration', '2s'],
    );
    expect(of.variants.baseline.trends['ttft']?.p50).toBeGreaterThan(250);
  }
});

test('a server without /health and /metrics, its role in the first token, refusing what is too long', async () => {
  const of = await run(['--missing health --missing metrics --role-chunk with-first --context-length 40']);
  expect(of.variants.baseline.ok).toBeGreaterThan(0);
  expect(kinds(of)).toEqual({ 'status 400': expect.any(Number) });
  caught(of);
});

test('reasoning and tool calls are tokens', async () => {
  for (const deltas of ['reasoning', 'tool']) {
    const of = await run([`--ttft-ms 300 --ttft-cv 0 --deltas ${deltas}`], ['--duration', '2s']);
    expect(of.variants.baseline.failed).toBe(0);
    expect(of.variants.baseline.trends['ttft']?.p50).toBeGreaterThan(250);
    expect(of.variants.baseline.trends['ttft']?.p50).toBeLessThan(1000);
  }
});

test('a context that overflows as an empty stream is no answer', async () => {
  const of = await run(['--context-length 40 --overflow empty']);
  expect(kinds(of)).toMatchObject({ no_token: expect.any(Number) });
  caught(of);
});

test.each(['completions', 'llama', 'events'])('--api %s', async (api) => {
  const of = await run(['--fault no_terminator=0.1'], ['--api', api]);
  const { baseline, shadow } = of.variants;
  expect(kinds(of)).toEqual({ no_terminator: expect.any(Number) });
  expect(shadow?.failed).toBe(0);
  expect(baseline.tokens?.estimated).toBe(0);
  expect(baseline.trends['tpot']?.n).toBeGreaterThan(0);
});

test('answers that come whole have an E2E and no TTFT', async () => {
  const of = await run(['--fault zero_tokens=0.2'], ['--no-stream', '--slo', 'e2e=5s']);
  const { baseline } = of.variants;
  expect(kinds(of)).toEqual({ no_token: expect.any(Number) });
  expect(baseline.trends['ttft']).toBeUndefined();
  expect(baseline.trends['e2e']?.n).toBe(baseline.ok);
  expect(baseline.goodput?.met).toBe(baseline.ok);
  expect(of.checks.map(({ id }) => id)).not.toContain('ttft_p95');
});

test('answers of other lengths are a finding; forced ones a gate', async () => {
  const natural = await run(['--tokens 6'], ['--shadow-stand-in', '--ttft-ms 10 --itl-ms 1 --tokens 18']);
  expect(natural.findings).toContainEqual(expect.objectContaining({ code: 'output_length_differs' }));
  expect(natural.checks.map(({ id }) => id)).not.toContain('output_length');
  const forced = await run(['--tokens 6'], ['--force-length']);
  expect(forced.variants.baseline.tokens?.mean).toBe(24);
  expect(forced.checks).toContainEqual(expect.objectContaining({ id: 'output_length', answer: 'pass' }));
});

test('prompts asked again are a warning, and a prefix of their own ends it', async () => {
  const repeated = await run([]);
  const flattered = repeated.findings.find(
    ({ code, variant }) => code === 'prefix_cache' && variant === 'baseline',
  );
  expect(flattered?.args['times']).toBeGreaterThan(1);
  expect(repeated.markdown).toContain('--unique-prefix');
  const unique = await run([], ['--unique-prefix']);
  expect(unique.findings.map(({ code }) => code)).not.toContain('prefix_cache');
});
