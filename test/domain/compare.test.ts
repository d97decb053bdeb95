import { describe, expect, it } from 'vitest';
import type { Check } from '../../domain/verdict/check.ts';
import { compare } from '../../domain/result/compare.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { pairRuns } from '../../domain/result/pair-runs.ts';
import {
  formatReference,
  makeReference,
  parseReference,
  storedData,
  storedRun,
} from '../../domain/result/reference.ts';
import type { RunData } from '../../domain/run/data.ts';
import { made, manifest } from '../support/run-data.ts';

const gate = (comparison: Comparison, id: string): Check => {
  const found = comparison.checks.find((check) => check.kind === 'gate' && check.id === id);
  if (found === undefined) throw new Error(`no gate ${id}`);
  return found;
};
const codes = (comparison: Comparison): string[] => comparison.findings.map(({ code }) => code);
const better = { accuracy: 0.91 };

describe('the verdict', () => {
  it('passes a shadow that is as fast and better', () => {
    const comparison = compare(made({ n: 4000, shadow: better }));
    expect(comparison.verdict.word).toBe('pass');
    expect(comparison.exit_code).toBe(EXIT.pass);
  });

  it('fails one that is 40 % slower, on the gate and not on the limit', () => {
    const comparison = compare(made({ shadow: { ...better, median_ms: 420 } }));
    expect(comparison.verdict.word).toBe('fail');
    expect(comparison.verdict.because).toContain('request_duration_p95');
    expect(comparison.exit_code).toBe(EXIT.gate_failed);
  });

  it('is inconclusive on few requests, and says how many it needs', () => {
    const comparison = compare(
      made({ n: 120, baseline: { log_sd: 0.4 }, shadow: { ...better, log_sd: 0.4 } }),
    );
    expect(comparison.verdict.word).toBe('inconclusive');
    expect(comparison.exit_code).toBe(EXIT.inconclusive);
    const { undecided } = gate(comparison, 'request_duration_p95');
    expect(undecided?.reason).toBe('need_more');
    if (undecided?.reason === 'need_more') {
      expect(undecided.more).toBeGreaterThan(10);
      // To one digit: a forecast from one run is no better.
      expect(String(undecided.more)).toMatch(/^[1-9]0*$/);
      expect(undecided.minutes).toBeGreaterThan(0);
    }
  });

  it('never passes by limits alone where its size lets every gate on a time only inform', () => {
    const tiny = made({ n: 30, shadow: { ...better, cost_eur: 0.0002 } });
    const tails = tiny.manifest.thresholds.gates.filter(
      (one) => one.gate === 'latency' && one.statistic !== 'p50',
    );
    const comparison = compare(
      made({
        n: 30,
        shadow: { ...better, cost_eur: 0.0002 },
        manifest: { thresholds: { ...tiny.manifest.thresholds, gates: tails } },
      }),
    );
    expect(comparison.checks.filter(({ kind, role }) => kind === 'gate' && role === 'blocks')).toEqual([]);
    expect(
      comparison.checks.filter(({ kind }) => kind === 'limit').map(({ answer }) => answer),
    ).not.toContain('fail');
    expect(comparison.verdict).toMatchObject({ word: 'inconclusive' });
    expect(comparison.verdict.because[0]).toBe('gates_only_inform');
    expect(comparison.exit_code).toBe(EXIT.inconclusive);
  });

  it('puts a failed limit before a failed gate', () => {
    const comparison = compare(made({ shadow: { median_ms: 6000 } }));
    expect(comparison.exit_code).toBe(EXIT.threshold_failed);
  });

  it('fails on more errors than the limit', () => {
    const comparison = compare(made({ shadow: { ...better, error_share: 0.05 } }));
    expect(comparison.exit_code).toBe(EXIT.threshold_failed);
    expect(gate(comparison, 'error_rate').answer).toBe('fail');
    expect(codes(comparison)).toContain('failures_left_out');
    expect(comparison.variants['shadow']?.with_failures?.p99).toBe('inf');
  });

  it('fails on a worse accuracy', () => {
    const comparison = compare(made({ n: 4000, shadow: { accuracy: 0.6 } }));
    expect(gate(comparison, 'accuracy_correction').answer).toBe('fail');
    expect(gate(comparison, 'cpqu').answer).toBe('fail');
  });

  it('fails on a cost a third higher', () => {
    expect(gate(compare(made({ shadow: { ...better, cost_eur: 0.00056 } })), 'cost').answer).toBe('fail');
  });

  it('leaves soft answers out of the exit code where asked', () => {
    const slow = { shadow: { ...better, median_ms: 420 } };
    const comparison = compare(made({ ...slow, manifest: { settings: { FAIL_ON: 'inconclusive' } } }));
    expect(comparison.verdict.word).toBe('fail');
    expect(comparison.exit_code).toBe(EXIT.pass);
  });

  it('judges by points where asked, and says so', () => {
    const comparison = compare(
      made({ n: 400, shadow: { ...better, median_ms: 318 }, manifest: { settings: { RULE: 'point' } } }),
    );
    expect(comparison.verdict).toMatchObject({ word: 'pass', rule: 'point' });
    expect(codes(comparison)).toContain('point_rule');
  });
});

describe('no data never passes', () => {
  it('one variant empty', () => {
    const data = made({ shadow: better });
    const empty: RunData = {
      ...data,
      measured: { baseline: data.measured.baseline },
      recorded: { baseline: data.recorded.baseline },
    };
    const comparison = compare(empty);
    expect(comparison.verdict.word).toBe('invalid');
    expect(codes(comparison)).toContain('no_answers');
  });

  it('every request failed', () => {
    const comparison = compare(made({ shadow: { error_share: 1 } }));
    expect(comparison.verdict.word).toBe('invalid');
    expect(gate(comparison, 'request_duration_p95')).toMatchObject({
      answer: 'inconclusive',
      undecided: { reason: 'no_data' },
    });
    for (const check of comparison.checks) {
      if (check.kind !== 'gate' && check.subject.variant === 'shadow' && check.metric === 'request_duration')
        expect(check.answer).toBe('inconclusive');
    }
  });

  it('no costs at all', () => {
    const comparison = compare(made({ baseline: { cost_eur: null }, shadow: { cost_eur: null } }));
    expect(gate(comparison, 'cost').undecided?.reason).toBe('no_data');
    expect(comparison.verdict.word).not.toBe('pass');
  });

  it('a p99 below its floor is advisory, unless required', () => {
    const few = made({ n: 400, shadow: better });
    expect(gate(compare(few), 'request_duration_p99').advisory).toMatchObject({ needs: 476, has: 400 });
    const required = made({
      n: 400,
      shadow: better,
      manifest: { settings: { REQUIRE: 'request_duration_p99' } },
    });
    expect(gate(compare(required), 'request_duration_p99').advisory).toBeNull();
  });

  it('accuracy on fewer payloads than its floor is advisory', () => {
    expect(
      gate(compare(made({ payloads: 60, shadow: better })), 'accuracy_correction').advisory,
    ).toMatchObject({ needs: 73, has: 60 });
  });
});

describe('an untrustworthy run has no verdict', () => {
  const good = made({ n: 4000, shadow: better });
  const [summary] = good.summaries;
  if (summary === undefined) throw new Error('a made run has a summary');
  const counted = (over: object): RunData => ({
    ...good,
    summaries: [
      {
        ...summary,
        counts: {
          ...summary.counts,
          shadow: { started: 4000, finished: 4000, http_reqs: 4000, iterations: 4000, p95_ms: null, ...over },
        },
      },
    ],
  });
  it.each<[string, RunData]>([
    ['lost_requests', counted({ started: 4001, iterations: 4001 })],
    ['unrecorded_requests', { ...good, recorded: { ...good.recorded, shadow: 3999 } }],
    ['iterations_failed', counted({ iterations: 4007 })],
    ['torn_lines', { ...good, bad_lines: { count: 1, first: [{ line: 3, problem: 'x' }] } }],
    ['no_summary', { ...good, summaries: [] }],
    ['k6_disagrees', counted({ p95_ms: 1 })],
    ['cpu_saturated', { ...good, resources: good.resources.map((one) => ({ ...one, cpu_share: 0.99 })) }],
    [
      'probe_delay',
      { ...good, probes: good.probes.map((one) => ({ ...one, duration_ms: one.idle ? 0.4 : 60 })) },
    ],
    ['probe_starved', { ...good, probes: good.probes.filter((_, i) => i < 200) }],
  ])('%s', (code, data) => {
    const comparison = compare(data);
    expect(codes(comparison)).toContain(code);
    expect(comparison.verdict.word).toBe('invalid');
    expect(comparison.exit_code).toBe(EXIT.invalid);
  });
});

describe('what happened to the run', () => {
  it('an interrupted run never passes', () => {
    const comparison = compare(
      made({
        n: 4000,
        shadow: better,
        manifest: { status: 'incomplete', stopped: { reason: 'interrupted', at_ms: 1_020_000 } },
      }),
    );
    expect(comparison.verdict.word).toBe('inconclusive');
    expect(comparison.exit_code).toBe(EXIT.interrupted);
  });

  it('a shadow that dies fails; a baseline that dies leaves nothing to compare', () => {
    const gone = (variant: string): Comparison =>
      compare(
        made({
          n: 4000,
          shadow: better,
          manifest: { status: 'incomplete', stopped: { reason: 'server_gone', variant, at_ms: 1_020_000 } },
        }),
      );
    expect(gone('shadow').verdict.word).toBe('fail');
    expect(gone('baseline').verdict.word).toBe('invalid');
  });

  it('the same server twice is a finding unless it is a declared A/A', () => {
    const same = manifest().variants.baseline;
    const variants = { baseline: same, shadow: same };
    expect(codes(compare(made({ manifest: { variants } })))).toContain('same_server');
    // Started anew between its settings it is one server on purpose, and no A/A.
    const switched = { BASELINE_RESTART: 'cache off', SHADOW_RESTART: 'cache on' };
    const effect = codes(compare(made({ manifest: { variants, settings: switched } })));
    expect(effect).not.toContain('same_server');
    expect(effect).not.toContain('declared_aa');
    const declared = codes(compare(made({ manifest: { variants, settings: { AA: 'true' } } })));
    expect(declared).not.toContain('same_server');
    expect(declared).toContain('declared_aa');
  });

  it('another process after the load is a restart', () => {
    const identity = { process_start_time_s: 100, process_id: '1', health: null };
    const shadow = {
      label: 's',
      url: 'http://b',
      stand_in: false,
      identity,
      identity_after: { ...identity, process_start_time_s: 200 },
    };
    const variants = { ...manifest().variants, shadow };
    expect(codes(compare(made({ manifest: { variants } })))).toContain('server_restarted');
  });
});

describe('blocks and looks', () => {
  it('a first crossing stands, and the deciding look is named', () => {
    const looks = { looks: [1, 2, 3], settings: { UNTIL_DECIDED: 'true' } };
    const comparison = compare(made({ n: 4000, blocks: 3, shadow: better, manifest: looks }));
    expect(comparison.run.looks?.planned).toBe(3);
    expect(comparison.run.looks?.decided).not.toBeNull();
    expect(comparison.verdict.word).toBe('pass');
  });

  it('an early look is stricter than one at the end', () => {
    const early = compare(
      made({ n: 1500, blocks: 1, shadow: { ...better, median_ms: 420 }, manifest: { looks: [1, 2, 3] } }),
    );
    const only = compare(made({ n: 1500, blocks: 1, shadow: { ...better, median_ms: 420 } }));
    const alpha = (of: Comparison): number => gate(of, 'request_duration_p95').alpha ?? Number.NaN;
    expect(alpha(early)).toBeLessThan(alpha(only));
  });

  it('noise between deployments widens the interval', () => {
    const width = (comparison: Comparison): number => {
      const { low, high } = gate(comparison, 'request_duration_p95').interval ?? { low: null, high: null };
      return (high ?? Infinity) - (low ?? -Infinity);
    };
    const noise = { deployment_noise: { log_sd: { p95: 0.05 }, source: 'test' } };
    expect(width(compare(made({ n: 4000, manifest: noise })))).toBeGreaterThan(
      width(compare(made({ n: 4000 }))),
    );
  });
});

describe('two runs made apart', () => {
  it('compares the second as the shadow, and names every undeclared difference', () => {
    const a = made({ n: 2000, shadow: null, manifest: { job: 'baseline' } });
    const b = made({
      n: 2000,
      seed: 9,
      baseline: better,
      shadow: null,
      manifest: { job: 'baseline', settings: { VUS: '20' } },
    });
    const paired = pairRuns(a, b);
    const comparison = compare(paired, paired.findings);
    expect(
      comparison.findings.flatMap((one) => (one.code === 'undeclared_difference' ? [one.args.what] : [])),
    ).toEqual(['VUS']);
    expect(comparison.variants['shadow']?.requests).toBe(2000);
  });
  it('refuses a run without measured requests', () => {
    const data = made();
    expect(() => pairRuns({ ...data, measured: {} }, data)).toThrow(/holds no measured requests/);
  });
});

describe('a reference', () => {
  it('keeps what every gate needs: run and reference give the same checks as the two runs', () => {
    const before = made({ n: 2000, shadow: null, manifest: { job: 'baseline' } });
    const after = made({ n: 2000, seed: 9, baseline: better, shadow: null, manifest: { job: 'baseline' } });
    const stored = storedData(
      parseReference(formatReference(makeReference('main', [storedRun(before, 'baseline')])), 'main.json')
        .runs[0] ?? expect.fail('no run'),
      'main.json',
    );
    const gates: RunData['manifest']['thresholds'] = made().manifest.thresholds;
    const withGates = (of: RunData): RunData => ({
      ...of,
      manifest: { ...of.manifest, thresholds: gates },
    });
    const of = (first: RunData) => compare(pairRuns(withGates(first), withGates(after)));
    const [direct, by_reference] = [of(before), of(stored)];
    expect(by_reference.checks.filter(({ kind }) => kind === 'gate')).toHaveLength(gates.gates.length);
    for (const check of by_reference.checks.filter(({ kind }) => kind === 'gate')) {
      const same = gate(direct, check.id);
      expect([check.id, check.answer, check.n]).toEqual([same.id, same.answer, same.n]);
      expect(check.value ?? NaN).toBeCloseTo(same.value ?? NaN, 3);
    }
  });
});
