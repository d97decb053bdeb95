// No data never passes, by one rule: each evidence of each kind of job is taken away in turn, and the run says so.
import { describe, expect, test } from 'vitest';
import { compare } from '../../domain/result/compare.ts';
import { NOT_GARBLED, type RunData } from '../../domain/run/data.ts';
import { settingsOf, type Manifest } from '../../domain/run/manifest.ts';
import { parseResources } from '../../domain/run/resources.ts';
import { JOB_KINDS, NEEDS, type EvidenceName, type JobKind } from '../../domain/verdict/evidence.ts';
import type { FindingCode } from '../../domain/verdict/findings.ts';
import { jobKind } from '../../domain/verdict/run-evidence.ts';
import { made } from '../support/run-data.ts';

const better = { accuracy: 0.91 };

/** The same numbers as another kind of job. */
function as(kind: Exclude<JobKind, 'gateway'>, over: Partial<Manifest> = {}): RunData {
  const shadow = kind === 'counted' || kind === 'adapter_gate' ? null : better;
  const settings: Readonly<Record<typeof kind, Manifest['settings']>> = {
    load: {},
    counted: { INFERENCE_SCENARIO: 'sustained' },
    at_once: { MAX_REQUESTS: '4000' },
    ramp: { HOLD: '60s' },
    adapter_gate: { MAX_REQUESTS: '4000' },
  };
  const data = made({
    n: 4000,
    shadow,
    manifest: { settings: settings[kind], ...(kind === 'adapter_gate' ? { job: 'gate' } : {}), ...over },
  });
  const seen = {
    ...data,
    resources: data.resources.map((sample) => ({ ...sample, at_ms: 1_000_000 + sample.at_ms })),
  };
  if (kind !== 'ramp') return seen;
  const steps = { baseline: { unit: 'clients', value: 10 }, shadow: { unit: 'clients', value: 10 } } as const;
  return {
    ...seen,
    manifest: {
      ...data.manifest,
      ramp: true,
      blocks: data.manifest.blocks.map((block) => ({ ...block, loads: steps })),
    },
  };
}

const open: Manifest['settings'] = { ARRIVAL: 'poisson', RATE: '66' };

interface Loss {
  readonly evidence: EvidenceName;
  readonly how: string;
  readonly of: (data: RunData) => RunData;
  readonly code: FindingCode;
}

const LOSSES: readonly Loss[] = [
  {
    evidence: 'counts',
    how: "k6's summary is not there",
    of: (data) => ({ ...data, summaries: [] }),
    code: 'no_summary',
  },
  {
    evidence: 'log',
    how: 'a line of the log is torn',
    of: (data) => ({ ...data, bad_lines: { count: 1, first: [{ line: 7, problem: 'cut' }] } }),
    code: 'torn_lines',
  },
  {
    evidence: 'machine',
    how: 'resources.jsonl is not there',
    of: (data) => ({ ...data, resources: [] }),
    code: 'evidence_missing',
  },
  {
    evidence: 'machine',
    how: 'resources.jsonl is garbled',
    of: (data) => ({ ...data, garbled: { ...data.garbled, resources: { count: 3, first: 'line 2' } } }),
    code: 'evidence_garbled',
  },
  {
    evidence: 'probe',
    how: 'the log has no line of the probe',
    of: (data) => ({ ...data, probes: [] }),
    code: 'evidence_missing',
  },
  {
    evidence: 'probe',
    how: 'the probe asked a server that was not there',
    of: (data) => ({
      ...data,
      probes: data.probes.map((probe) => ({ ...probe, duration_ms: 0, failed: '0 connection refused' })),
    }),
    code: 'probe_failed_often',
  },
];

const KINDS = JOB_KINDS.filter((kind) => kind !== 'gateway');

describe.each(KINDS)('%s', (kind) => {
  test('is known by its manifest', () => {
    expect(jobKind(as(kind))).toBe(kind);
  });

  test('with all its evidence is not invalid', () => {
    const { verdict, findings } = compare(as(kind));
    expect(findings.filter(({ severity }) => severity === 'invalid')).toEqual([]);
    expect(verdict.word).not.toBe('invalid');
  });

  test.each(LOSSES.map((loss) => [loss.how, loss] as const))('%s', (_how, { evidence, of, code }) => {
    const { verdict, exit_code, findings } = compare(of(as(kind)));
    const codes = findings.map((one) => one.code);
    // What is there and wrong is invalid everywhere, but for a ramp, whose steps are judged one by one.
    const need = NEEDS[kind][evidence];
    const gone = code === 'evidence_missing' || (code === 'probe_failed_often' && need === 'by_step');
    switch (gone ? need : 'invalid') {
      case 'invalid':
        expect(codes).toContain(code);
        expect([verdict.word, exit_code]).toEqual(['invalid', 4]);
        break;
      case 'by_step':
        expect(codes).toContain('machine_spoilt_all');
        expect([verdict.word, exit_code]).toEqual(['invalid', 4]);
        break;
      case 'told':
        expect(codes).toContain('not_watched');
        break;
      case 'spoils_misses':
      case 'undecided':
      case 'unneeded':
        throw new Error(`${kind} says nothing of ${evidence}`);
    }
  });
});

describe('an open load', () => {
  test('whose records do not say how late they began is invalid', () => {
    const { verdict, findings } = compare(as('load', { settings: open }));
    expect(verdict.word).toBe('invalid');
    expect(findings.map(({ code }) => code)).toContain('evidence_missing');
  });
});

describe('who used the CPU', () => {
  const full = (cores: Readonly<Record<string, number>>): RunData => {
    const data = as('load');
    return {
      ...data,
      resources: data.resources.map(({ at_ms }) => ({ at_ms, cpu_share: 1, cores })),
    };
  };
  const saturated = (data: RunData) =>
    compare(data).findings.flatMap((one) => (one.code === 'cpu_saturated' ? [one.args] : []))[0];

  test('k6 and the servers: fewer clients are advised', () => {
    const args = saturated(full({ k6: 1.2, baseline: 0.3, shadow: 0.3 }));
    expect(args?.k6_cores).toBeCloseTo(1.2, 9);
    expect(args?.servers_cores).toBeCloseTo(0.6, 9);
    expect(args?.fits).toBe(7);
  });
  test('someone else: fewer clients would not help', () => {
    const args = saturated(full({ k6: 0.2, baseline: 0.1 }));
    expect(args?.others_cores).toBeCloseTo(1.7, 9);
    expect(args).not.toHaveProperty('fits');
  });
});

describe('resources.jsonl', () => {
  const line = (more: object = {}): string =>
    JSON.stringify({ at_ms: 1, cpu_share: 0.5, processes: { k6: { cores: 1, rss_bytes: 2 } }, ...more });

  test('is read with each process', () => {
    expect(parseResources(`${line()}\n`)).toEqual({
      samples: [{ at_ms: 1, cpu_share: 0.5, cores: { k6: 1 }, rss_bytes: { k6: 2 } }],
      garbled: NOT_GARBLED,
    });
  });
  test('a last line without its end is a kill; any other that is no look is counted', () => {
    expect(parseResources(`${line()}\n{"at_ms"`).garbled.count).toBe(0);
    const torn = parseResources(`${line()}\n{"at_ms"\nnull\n${line({ cpu_share: 7 })}\n`);
    expect(torn.samples).toHaveLength(1);
    expect(torn.garbled).toMatchObject({ count: 3, first: expect.stringMatching(/^line 2: /) });
  });
});

test('settings of a made run are those of its manifest', () => {
  const data = as('counted');
  expect(data.settings).toEqual(settingsOf(data.manifest));
});
