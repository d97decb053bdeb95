/** Two runs made apart as one: the baseline of the first, a candidate of the second; every undeclared difference is a finding. */
import { finding, type Finding } from '../verdict/findings.ts';
import type { Measured } from '../record/request-table.ts';
import { planLoad } from '../load/counted-plan.ts';
import { NOT_GARBLED, type RunData } from '../run/data.ts';
import type { Manifest } from '../run/manifest.ts';
import { BadValue, formatDuration } from '../text/units.ts';
import { BASELINE, candidatesOf, roleOf, SHADOW, type Variant } from '../variants.ts';

/** The job of two runs made apart. */
export const PAIRED = 'pair';

/** The one variant of this run that takes the part. */
function sideOf(data: RunData, part: Variant): Variant {
  const candidates = candidatesOf(data.manifest.variants);
  const own = roleOf(part) === 'baseline' ? [BASELINE, ...candidates] : [...candidates, BASELINE];
  const found = own.find(
    (variant) => data.manifest.variants[variant] !== undefined && data.measured[variant] !== undefined,
  );
  if (found === undefined)
    throw new BadValue(`run ${data.manifest.run_id} holds no measured requests to take as the ${part}`);
  return found;
}

/** Settings that change what is measured; the others (where files go, a dashboard) do not. */
const COMPARED = [
  'VUS',
  'DURATION',
  'WARM_UP',
  'TIMEOUT',
  'SEED',
  'SAMPLE_RATE',
  'ENDPOINT_PATH',
  'MAX_REQUESTS',
  'PACE',
  'SPIKE_VUS',
  'SPIKE_REQUESTS',
  'GENERATE_TOKENS',
];

const health = (manifest: Manifest, variant: Variant): string =>
  manifest.variants[variant]?.identity?.health ?? '';

function differences(a: Manifest, b: Manifest, sides: readonly [Variant, Variant]): Finding[] {
  const rows: [string, string, string][] = [
    ['the job', a.job, b.job],
    ['what the server says of itself (/health)', health(a, sides[0]), health(b, sides[1])],
    ['k6', a.versions.k6, b.versions.k6],
    ['the suite', a.versions.suite, b.versions.suite],
    [
      "the load machine's CPUs",
      `${a.machine.cpus} x ${a.machine.cpu_model}`,
      `${b.machine.cpus} x ${b.machine.cpu_model}`,
    ],
    ["the load machine's memory", String(a.machine.memory_bytes), String(b.machine.memory_bytes)],
    ["the load machine's system", a.machine.os, b.machine.os],
    ...COMPARED.map((name): [string, string, string] => [
      name,
      a.settings[name] ?? '',
      b.settings[name] ?? '',
    ]),
  ];
  return rows
    .filter(([, x, y]) => x !== y)
    .map(([what, baseline, candidate]) => finding('undeclared_difference', { what, baseline, candidate }));
}

const renamed = (of: Measured | undefined, variant: Variant): Measured | undefined =>
  of === undefined ? undefined : { ...of, variant };

/** What no gate can be judged across: other payloads, or loads of another length. */
function incomparable(first: RunData, second: RunData): Finding[] {
  const findings: Finding[] = [];
  const [a, b] = [first.manifest.payloads, second.manifest.payloads];
  if (a.sha256 !== b.sha256)
    findings.push(finding('payloads_differ', { baseline: a.count, candidate: b.count }));
  const [before, after] = [plannedLoad(first), plannedLoad(second)];
  if (before !== after) findings.push(finding('lengths_differ', { baseline: before, candidate: after }));
  return findings;
}

function plannedLoad({ settings, manifest }: RunData): string {
  const counted = settings.maxRequests ?? planLoad(settings)?.requests ?? null;
  const { blocks } = manifest;
  return counted === null
    ? formatDuration(blocks.reduce((sum, { duration_ms }) => sum + duration_ms, 0))
    : `${counted * blocks.length} requests`;
}

/** Whose server was gone, by the name that its variant has in the pair. */
const stoppedAs = ({ stopped }: Manifest, from: Variant, to: Variant): Manifest['stopped'] =>
  stopped?.reason === 'server_gone' && stopped.variant === from ? { ...stopped, variant: to } : stopped;

/** @throws BadValue where one of them measured nothing */
export function pairRuns(
  first: RunData,
  second: RunData,
): RunData & { readonly findings: readonly Finding[] } {
  const a = sideOf(first, BASELINE);
  const b = sideOf(second, SHADOW);
  const blocksAs = (data: RunData, from: Variant, to: Variant): Manifest['blocks'] =>
    data.manifest.blocks.map((block) => ({
      ...block,
      variants: block.variants.includes(from) ? [to] : [],
    }));
  const blocks = [...blocksAs(first, a, BASELINE), ...blocksAs(second, b, SHADOW)];
  const counted = (data: RunData, from: Variant, to: Variant): RunData['summaries'] =>
    data.summaries.map((summary) => {
      const count = summary.counts[from];
      return { ...summary, counts: count === undefined ? {} : { [to]: count } };
    });
  return {
    manifest: {
      ...first.manifest,
      run_id: `${first.manifest.run_id} + ${second.manifest.run_id}`,
      job: PAIRED,
      status:
        first.manifest.status === 'complete' && second.manifest.status === 'complete'
          ? 'complete'
          : 'incomplete',
      ended_ms: second.manifest.ended_ms,
      stopped: stoppedAs(first.manifest, a, BASELINE) ?? stoppedAs(second.manifest, b, SHADOW),
      variants: { [BASELINE]: first.manifest.variants[a], [SHADOW]: second.manifest.variants[b] },
      thresholds:
        first.manifest.thresholds.gates.length > 0 ? first.manifest.thresholds : second.manifest.thresholds,
      blocks,
    },
    settings: first.settings,
    measured: {
      [BASELINE]: renamed(first.measured[a], BASELINE),
      [SHADOW]: renamed(second.measured[b], SHADOW),
    },
    warm_up: {
      [BASELINE]: renamed(first.warm_up[a], BASELINE),
      [SHADOW]: renamed(second.warm_up[b], SHADOW),
    },
    recorded: { [BASELINE]: first.recorded[a], [SHADOW]: second.recorded[b] },
    bad_lines: {
      count: first.bad_lines.count + second.bad_lines.count,
      first: [...first.bad_lines.first, ...second.bad_lines.first],
    },
    probes: [],
    resources: [],
    summaries: [...counted(first, a, BASELINE), ...counted(second, b, SHADOW)],
    garbled: { probes: NOT_GARBLED, resources: NOT_GARBLED },
    // What a reference was made of was judged when it was saved.
    parts: [first, second].filter(({ stored }) => stored !== true),
    findings: [...differences(first.manifest, second.manifest, [a, b]), ...incomparable(first, second)],
  };
}
