/**
 * `npm run selfcheck`: streams against the truth server, which stamps its own flushes, through the very scenario and
 * extension that measure a user's server; our error in TTFT, ITL and E2E, what it cost, and how late the server was.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { PROBE_HEAD } from '../../domain/run/probe.ts';
import { valueAt } from '../../domain/protocols/protocol.ts';
import { parseRecord, type RequestRecord } from '../../domain/record/request-record.ts';
import { parseStamps, selfCheck, type SelfCheck, type Stamped } from '../../proof/selfcheck.ts';
import { parseSettings, type Settings } from '../../domain/settings/settings.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { Interrupted, say, UsageError, type Io } from '../io.ts';
import { buildTruth, findK6, type K6 } from '../run/k6.ts';
import { startChild } from '../services/process.ts';
import { eachLine } from '../read/lines.ts';
import { PROMPTS, readPayloads } from '../read/payloads.ts';
import { markdownTable } from '../report/markdown.ts';
import type { Section } from '../report/section.ts';
import { textTable } from '../report/text.ts';
import { FILES, shownPath, writeWhole, type RunDirectory } from '../run/directory.ts';
import { runBlock } from '../run/block.ts';
import { Closers } from '../run/closers.ts';
import { ask } from '../services/http.ts';
import { command } from '../command.ts';
import { absent, duration, numbers, setting, toggle } from '../../domain/settings/kinds.ts';

/** What the truth server is to send, and to how many at once. */
interface Plan {
  readonly streams: number;
  readonly ttft_ms: number;
  readonly itl_ms: number;
  readonly tokens: number;
}

/** A usual server, then one that gives all it has: 1000 streams of 100 tokens a second. */
const USUAL = { ttft_ms: 200, itl_ms: 20, tokens: 50 };
const FAST = { ttft_ms: 200, itl_ms: 10, tokens: 100 };
const PLANS: readonly Plan[] = [
  ...[10, 100, 200, 500, 1000].map((streams) => ({ streams, ...USUAL })),
  { streams: 1000, ...FAST },
];

const period_ms = ({ ttft_ms, itl_ms, tokens }: Plan): number => ttft_ms + itl_ms * (tokens - 1);

export interface SelfcheckOptions {
  readonly streams: readonly number[] | null;
  readonly durationMs: number;
  /** Writes docs/selfcheck.md. */
  readonly write: boolean;
}

interface Outcome {
  readonly plan: Plan;
  readonly measured: number;
  readonly failed: number;
  /** Streams ended over those that so many clients could have at the server's own pace. */
  readonly rate: number;
  readonly check: SelfCheck;
  readonly k6_cores: number;
  readonly k6_rss_bytes: number;
  readonly truth_cores: number;
}

/** @throws UsageError */
export async function selfcheckCommand(io: Io, options: SelfcheckOptions): Promise<number> {
  const { streams: wanted, durationMs: duration_ms } = options;
  const plans =
    wanted === null
      ? PLANS
      : wanted.flatMap((streams) => {
          const known = PLANS.filter((plan) => plan.streams === streams);
          return known.length > 0 ? known : [{ streams, ...USUAL }];
        });
  const k6 = await findK6(io);
  if (!k6.extended) throw new UsageError(`${k6.path} has no stream extension; unset K6_BINARY`);
  const truth = await buildTruth(io);
  const outcomes: Outcome[] = [];
  for (const plan of plans) {
    if (io.interrupted.aborted) throw new Interrupted();
    say(io, `${plan.streams} streams of ${rateText(plan)}, ${formatDuration(duration_ms)}`);
    outcomes.push(await measure(io, k6, truth, plan, duration_ms));
  }
  const sections = sectionsOf(outcomes);
  io.stdout.write(`${sections.map((section) => textTable(section)).join('\n\n')}\n`);
  if (options.write) {
    const page = join(io.root, 'docs', 'selfcheck.md');
    writeFileSync(page, pageOf(sections, k6, duration_ms));
    say(io, `${shownPath(io, page)} is written`);
  }
  return EXIT.pass;
}

const rateText = ({ ttft_ms, itl_ms, tokens }: Plan): string =>
  `TTFT ${ttft_ms} ms, ITL ${itl_ms} ms, ${tokens} tokens`;

async function measure(
  io: Io,
  k6: K6,
  truth_path: string,
  plan: Plan,
  duration_ms: number,
): Promise<Outcome> {
  const closers = new Closers();
  const path = join(io.root, '.cache', 'selfcheck', `${process.pid}-${plan.streams}-${plan.itl_ms}`);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  closers.add(async () => rmSync(path, { recursive: true, force: true }));
  try {
    const run: RunDirectory = { id: 'selfcheck', path };
    writeWhole(
      join(path, FILES.payloads),
      readPayloads(join(io.root, 'dist', 'prompts.json'), 'payloads/', PROMPTS).jsonl,
    );
    const { url, pid, stop } = await startTruth(io, truth_path, plan);
    closers.add(stop);
    const settings = settingsFor(plan, duration_ms, url);
    const { summary, last_lines } = await runBlock({
      io,
      k6,
      scenario: 'stream',
      run,
      block: 0,
      variants: ['baseline'],
      settings,
      keeps_answers: false,
      probe_url: null,
      dashboard_port: null,
      own_thresholds: false,
      processes: { truth: pid },
      heading: '',
    });
    if (io.interrupted.aborted) throw new Interrupted();
    if (summary === null) throw new UsageError(`k6 ended without a summary:\n${last_lines}`);
    const stamps = await readStamps(io, settings, url);
    return outcomeOf(plan, duration_ms, run, stamps);
  } finally {
    await closers.run();
  }
}

function settingsFor(plan: Plan, duration_ms: number, url: string): Settings {
  const period = formatDuration(Math.ceil(period_ms(plan)));
  const { settings, problems } = parseSettings({
    flags: {
      baselineUrl: url,
      vus: String(plan.streams),
      // Clients that begin at once stay in step and end at once, as no real ones do.
      spreadMs: period,
      warmUpMs: formatDuration(Math.ceil(period_ms(plan)) + 1000),
      durationMs: formatDuration(duration_ms),
      timeoutMs: '60s',
      model: 'truth',
      maxTokens: String(plan.tokens),
    },
    env: {},
    job: {},
  });
  const [problem] = problems;
  if (problem !== undefined) throw new UsageError(problem);
  return settings;
}

async function startTruth(
  io: Io,
  path: string,
  plan: Plan,
): Promise<{ url: string; pid: number; stop: () => Promise<void> }> {
  let port: (found: number) => void = () => {};
  const listening = new Promise<number>((resolve) => (port = resolve));
  let output = '';
  const child = startChild({
    command: path,
    args: [`--ttft=${plan.ttft_ms}ms`, `--itl=${plan.itl_ms}ms`, `--tokens=${plan.tokens}`],
    env: io.env,
    cwd: io.root,
    onStdout(text) {
      output += text;
      const found = /"port":(\d+)/.exec(output)?.[1];
      if (found !== undefined) port(Number(found));
    },
  });
  const found = await Promise.race([listening, child.ended.then(() => null)]);
  if (found === null) throw new UsageError(`the truth server did not start:\n${child.lastLines()}`);
  return { url: `http://127.0.0.1:${found}`, pid: child.pid, stop: () => child.stop() };
}

/** A minute of 1000 fast streams is some 40 MB of stamps. */
const STAMPS_LIMIT = 500_000_000;

async function readStamps(io: Io, settings: Settings, url: string): Promise<Map<string, Stamped>> {
  const { body } = await ask(io, settings, `${url}/stamps`, {
    timeout_ms: 60_000,
    most_characters: STAMPS_LIMIT,
  });
  const stamps = body
    .split('\n')
    .filter((line) => line !== '')
    .map(parseStamps);
  return new Map(stamps.map((stamped) => [stamped.id, stamped]));
}

function outcomeOf(
  plan: Plan,
  duration_ms: number,
  run: RunDirectory,
  stamps: ReadonlyMap<string, Stamped>,
): Outcome {
  const records: RequestRecord[] = [];
  eachLine(join(run.path, FILES.requests), ({ bytes }, from, to) => {
    const line = bytes.toString('utf8', from, to);
    if (line.startsWith(PROBE_HEAD)) return;
    const record = parseRecord(line);
    if (record.phase === 'measured') records.push(record);
  });
  const good = records.filter(({ error }) => error === null);
  const pairs = good.flatMap(({ traceparent, ttft_ms, e2e_ms, gaps_ms }) => {
    const stamped = stamps.get(traceparent?.slice(3, 35) ?? '');
    return stamped === undefined || ttft_ms === null || e2e_ms === null || gaps_ms === null
      ? []
      : [{ seen: { ttft_ms, e2e_ms, gaps_ms }, stamped }];
  });
  if (pairs.length < good.length)
    throw new UsageError(
      `the server stamped ${pairs.length} of the ${good.length} streams that we saw; the check can't be trusted`,
    );
  const used = usage(run);
  return {
    plan,
    measured: good.length,
    failed: records.length - good.length,
    rate: good.length / ((plan.streams * duration_ms) / period_ms(plan)),
    check: selfCheck(pairs),
    k6_cores: used.cores('k6'),
    k6_rss_bytes: used.rss('k6'),
    truth_cores: used.cores('truth'),
  };
}

interface Usage {
  /** Mean over the run, in CPUs. */
  cores(name: string): number;
  /** At its most. */
  rss(name: string): number;
}

function usage(run: RunDirectory): Usage {
  const samples = readFileSync(join(run.path, FILES.resources), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
  const figures = (name: string, field: 'cores' | 'rss_bytes'): number[] =>
    samples
      .map((sample) => valueAt(sample, `processes.${name}.${field}`))
      .filter((value) => typeof value === 'number');
  return {
    cores(name) {
      const values = figures(name, 'cores');
      return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    },
    rss: (name) => Math.max(0, ...figures(name, 'rss_bytes')),
  };
}

function sectionsOf(outcomes: readonly Outcome[]): Section[] {
  const name = ({ plan }: Outcome): string => `${plan.streams} x ${(1000 / plan.itl_ms).toFixed(0)} tokens/s`;
  const us = (value: number): string => `${value.toFixed(value >= 10 ? 1 : 2)} ms`;
  const errors = (title: string, id: keyof SelfCheck, note: string): Section => ({
    id,
    title,
    head: ['streams', 'mean', 'p50', 'p95', 'p99', 'n'],
    rows: outcomes.map((outcome) => {
      const { mean, p50, p95, p99, n } = outcome.check[id];
      return [name(outcome), us(mean), us(p50), us(p95), us(p99), String(n)];
    }),
    note,
  });
  return [
    errors(
      'Error in TTFT',
      'ttft',
      "ours - the server's; the request's way there and connecting are part of it; percentiles are of the error's size, as below",
    ),
    errors('Error in ITL', 'itl', 'of each gap between two tokens'),
    errors('Error in E2E', 'e2e', 'to the last token'),
    errors('How late the server itself was', 'server_late', 'of each flush, against its schedule'),
    {
      id: 'cost',
      title: 'What it cost',
      head: ['streams', 'ended', 'failed', 'of the possible rate', 'k6 CPUs', 'k6 memory', 'server CPUs'],
      rows: outcomes.map((outcome) => [
        name(outcome),
        String(outcome.measured),
        String(outcome.failed),
        `${(100 * outcome.rate).toFixed(1)} %`,
        outcome.k6_cores.toFixed(2),
        `${(outcome.k6_rss_bytes / 2 ** 20).toFixed(0)} MB`,
        outcome.truth_cores.toFixed(2),
      ]),
    },
  ];
}

function pageOf(sections: readonly Section[], k6: K6, duration_ms: number): string {
  const [cpu] = os.cpus();
  const load = os.loadavg()[0] ?? 0;
  // Server and k6 together need less than the CPUs that there are; what waits beyond that is other people's work.
  const shared =
    load > 1.5 * os.cpus().length
      ? [
          `**Other work shared the machine in this run (load average ${load.toFixed(1)} on ${os.cpus().length} CPUs): k6 waited for a CPU, and the figures are far above those of a quiet machine.** Run it again on one.`,
        ]
      : [];
  return `${[
    '# How right our times of streamed answers are',
    `Made by \`npm run selfcheck -- --write\`: the truth server (\`k6/truth\`) sends tokens on a schedule and stamps each of its own flushes; the suite's own scenario measures them, and both are held against each other stream by stream. Server and load share the machine: ${os.cpus().length} x ${cpu?.model ?? ''}, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, ${os.type()}; ${k6.version.split(' ').slice(0, 2).join(' ')}; ${formatDuration(duration_ms)} each after a warm-up, on ${new Date().toISOString().slice(0, 10)}, load average ${load.toFixed(1)} at the end.`,
    ...shared,
    'Where the possible rate is not reached, k6 and the server together want more CPU than there is. Tokens that wait for their reader carry the time of the last of them, so that errors there are multiples of the gap between two. Other machines: [decision 023](decisions/023-arrival-stamps.md).',
    ...sections.map(markdownTable),
  ].join('\n\n')}\n`;
}

export const selfcheck = command({
  name: 'selfcheck',
  title: 'how right our times of streamed answers are, against a server that stamps its own flushes',
  group: 'Proof',
  options: {
    streams: absent(numbers({ min: 1, max: 5000 }), 'streams at once (default 10,100,200,500,1000)'),
    durationMs: setting(duration({ min: 1000 }), 15_000, 'measured time of each'),
    write: setting(toggle, false, 'writes docs/selfcheck.md'),
  },
  run: async (io, { options }) => await selfcheckCommand(io, options),
});
