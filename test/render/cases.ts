/** Runs to render: made of seeded numbers and compared as any run is, so that each is a comparison that there may be. */
import { runReport } from '../../cli/report/run.ts';
import type { Report } from '../../cli/report/report.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import type { RunData } from '../../domain/run/data.ts';
import { finding, type Finding } from '../../domain/verdict/findings.ts';
import { made } from '../support/run-data.ts';

/** Each piece would be run, believed or followed somewhere by a careless renderer. */
export const HOSTILE = {
  script: '</script><script>alert(1)</script>',
  attribute: '" onmouseover="alert(2)" x="',
  image: '<img src=https://evil.example/x.png onerror=alert(3)>',
  formula: "=cmd|' /C calc'!A0",
  plus: '+1+1',
  ansi: '\u001B[31mred\u001B[0m\u0007',
  bidi: 'abc\u202Egpj.exe',
  markdown: '| a | b | [x](javascript:alert(4)) `code` **bold** @team',
  xml: ']]>&amp;<!-- \u0000\uFFFE',
  css: '</style><style>body{display:none}</style>',
} as const;

const better = { accuracy: 0.91 };
const STAGES = Object.fromEntries(Object.values(HOSTILE).map((stage, i) => [stage, 5 + 10 * i]));

type Run = RunData & { readonly findings?: readonly Finding[] };

/** A machine whose CPUs were full, and a probe that this delayed. */
function onFullMachine(run: RunData): RunData {
  return {
    ...run,
    resources: run.resources.map((sample) => ({ ...sample, cpu_share: 0.99 })),
    probes: run.probes.map((probe) => (probe.idle ? probe : { ...probe, duration_ms: 84 })),
  };
}

function hostile(): Run {
  const run = made({
    n: 400,
    shadow: { ...better, error_share: 0.04, stages_ms: STAGES },
    baseline: { stages_ms: STAGES },
  });
  const { manifest } = run;
  const server = (label: string, url: string) => ({ label, url, stand_in: false, identity: null });
  return {
    ...run,
    bad_lines: { count: 3, first: [{ line: 17, problem: HOSTILE.script + HOSTILE.xml }] },
    manifest: {
      ...manifest,
      run_id: HOSTILE.css,
      job: HOSTILE.attribute,
      payloads: { ...manifest.payloads, source: HOSTILE.formula },
      machine: { ...manifest.machine, cpu_model: HOSTILE.image, os: HOSTILE.ansi },
      variants: {
        baseline: server(HOSTILE.script, HOSTILE.plus),
        shadow: server(HOSTILE.formula, HOSTILE.bidi),
      },
    },
    findings: [
      finding('undeclared_difference', {
        what: HOSTILE.markdown,
        baseline: HOSTILE.ansi,
        candidate: HOSTILE.formula,
      }),
      finding('same_server', { how: HOSTILE.attribute }),
    ],
  };
}

const RUNS = {
  pass: () => made({ n: 4000, shadow: better }),
  fail: () => made({ n: 2000, shadow: { ...better, median_ms: 420, error_share: 0.03 } }),
  inconclusive: () => made({ n: 400, shadow: { ...better, median_ms: 333 } }),
  invalid: () => onFullMachine(made({ n: 2000, shadow: better })),
  'one-variant': () =>
    made({ n: 1000, shadow: null, manifest: { run_id: '20260101-000000-baseline', job: 'baseline' } }),
  'three-variants': () =>
    made({ n: 2000, shadow: { ...better, median_ms: 420 }, more: { canary: { ...better, median_ms: 290 } } }),
  hostile,
} as const satisfies Readonly<Record<string, () => Run>>;

export type CaseName = keyof typeof RUNS;
export const CASE_NAMES = Object.keys(RUNS).filter((name): name is CaseName => name in RUNS);

export interface RenderCase {
  readonly comparison: Comparison;
  readonly report: Report;
}

/** Each is made when it is first asked for. */
const made_cases = new Map<CaseName, RenderCase>();
export function caseOf(name: CaseName): RenderCase {
  const known = made_cases.get(name) ?? runReport(RUNS[name]());
  made_cases.set(name, known);
  return known;
}
