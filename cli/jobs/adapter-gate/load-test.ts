/** The gate's first step: the load through k6, then what Prometheus saw of it. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { clientFigures, type ClientFigures } from '../../../domain/jobs/adapter-gate/client-figures.ts';
import { parseEvalData } from '../../../domain/jobs/adapter-gate/eval-data.ts';
import { finding, isInvalid, type Finding } from '../../../domain/verdict/findings.ts';
import {
  GATE_SCHEMA_VERSION,
  type LoadTest,
  type Window,
} from '../../../domain/jobs/adapter-gate/load-test.ts';
import {
  FIGURES,
  OPTIONAL_FIGURES,
  contractWindow,
  mapFigures,
  type Figures,
} from '../../../domain/jobs/adapter-gate/promql.ts';
import type { TestRange } from '../../../domain/jobs/adapter-gate/samples.ts';
import {
  bucketNotes,
  contractFigures,
  exactFigures,
  type ExactFigures,
} from '../../../domain/jobs/adapter-gate/server-figures.ts';
import { LIMITS } from '../../../domain/jobs/adapter-gate/checks.ts';
import { samples } from '../../../domain/figures/samples.ts';
import { summarise } from '../../../domain/figures/summary.ts';
import { runEvidence } from '../../../domain/verdict/run-evidence.ts';
import { mapVariants } from '../../../domain/variants.ts';
import { RequestTable } from '../../../domain/record/request-table.ts';
import type { RunData } from '../../../domain/run/data.ts';
import type { ParsedSettings, Settings } from '../../../domain/settings/settings.ts';
import gateThresholds from '../../../thresholds/gate.json';
import { UsageError, say, userPath, type Io } from '../../io.ts';
import type { Job } from '../loads.ts';
import { assertModelListed } from '../../services/preflight.ts';
import { readRun } from '../../read/run.ts';
import { writeWhole } from '../../run/directory.ts';
import type { BlockResult } from '../../run/block.ts';
import { runLoad } from '../../run/load.ts';
import { readNamed } from '../../read/named-file.ts';
import { unlabelledSet } from '../../read/payloads.ts';
import type { Prompt } from '../../../domain/load/prompt.ts';
import { withoutCredentials } from '../../../domain/text/url.ts';
import { ask, asUsageError } from '../../services/http.ts';
import { terminalText } from '../../report/escape.ts';
import { loadTestReport } from '../../report/adapter-gate.ts';
import { LOAD_TEST_NAMES, showReport, writeReport } from '../../report/write.ts';
import { Prometheus, settled, waitFor } from './prometheus.ts';
import { ServiceFailure } from '../../services/json-service.ts';

/** One word each, for workflows; the reports' files are named in `cli/report/write.ts`. */
export const STATUS_FILES = { load_test: 'load_test_status.txt', decision: 'perf_status.txt' } as const;

export const GATE_JOB: Job = {
  name: 'gate',
  scenario: 'gate',
  title: "the load of an adapter's performance gate",
  variants: ['baseline'],
  stand_in: 'openai',
  stand_in_flags: {},
  payloads: 'prompts',
  variant_flags: {},
  ramp: false,
  one_server: 'alone',
  keeps_servers: false,
  language_model: true,
  probed: true,
  watched: null,
  thresholds: gateThresholds,
  groups: [],
  settings: { maxTokens: '256', timeoutMs: '120s', warmUpMs: '0s', dashboard: 'false' },
};

export interface LoadTestOptions {
  readonly vllmUrl: string;
  readonly adapterName: string;
  readonly evalDataPath: string;
  readonly concurrency: number;
  readonly prometheusUrl: string;
  readonly outputDir: string;
  readonly scrapeWaitMs: number;
  readonly job: string;
  readonly window: Window;
}

interface EvalData {
  readonly source: string;
  readonly sha256: string;
  readonly prompts: readonly Prompt[];
}

const SHOWN_BAD_LINES = 10;

function readEvalData(io: Io, path: string): EvalData {
  const cure = 'give a JSONL file with "prompt_inference" in each line';
  const text = readNamed(userPath(io, path), `--eval-data-path ${path}`, cure);
  const { prompts, bad } = parseEvalData(text);
  if (bad.length > 0) {
    const shown = bad.slice(0, SHOWN_BAD_LINES).map(({ line, problem }) => `line ${line}: ${problem}`);
    const more = bad.length > shown.length ? `\n  and ${bad.length - shown.length} more` : '';
    throw new UsageError(
      terminalTextLines(`--eval-data-path ${path} has bad lines:`, [
        ...shown,
        ...(more === '' ? [] : [more.trim()]),
      ]),
    );
  }
  if (prompts.length === 0)
    throw new UsageError(
      `--eval-data-path ${path} holds no prompt; allowed: JSONL, one {"prompt_inference":"..."} a line`,
    );
  return {
    source: path,
    sha256: createHash('sha256').update(text).digest('hex'),
    prompts,
  };
}

const terminalTextLines = (head: string, lines: readonly string[]): string =>
  [terminalText(head), ...lines.map((line) => `  ${terminalText(line)}`)].join('\n');

/** A folder that may exist: a workflow gives one and reads fixed names from it. */
export function outputDirectory(io: Io, path: string): string {
  const directory = userPath(io, path);
  mkdirSync(directory, { recursive: true });
  return directory;
}

/** Runs the step. Its status file says `failed` from the start, so that a crash can't leave an older `completed`. */
export async function loadTest(io: Io, options: LoadTestOptions, parsed: ParsedSettings): Promise<LoadTest> {
  const directory = outputDirectory(io, options.outputDir);
  const status = (word: 'completed' | 'failed'): void =>
    writeWhole(join(directory, STATUS_FILES.load_test), `${word}\n`);
  status('failed');
  const data = readEvalData(io, options.evalDataPath);
  const prometheus = new Prometheus(io, options.prometheusUrl, options.job);
  const base = options.vllmUrl.replace(/\/+$/, '');
  const load_test_id = `gate-${stamp()}-${randomBytes(4).toString('hex')}`;
  const settings: Settings = {
    ...parsed.settings,
    baselineUrl: base,
    baselineLabel: options.adapterName,
    shadowUrl: null,
    model: options.adapterName,
    vus: options.concurrency,
    maxRequests: data.prompts.length,
    // A bound, not a plan: every prompt in turn up to its timeout.
    durationMs: Math.ceil(data.prompts.length / options.concurrency) * parsed.settings.timeoutMs,
    stream: true,
    dashboard: false,
    payloads: null,
    thresholds: null,
    out: join(directory, load_test_id),
  };
  await assertReady(io, settings, options, prometheus);
  say(
    io,
    `sending ${data.prompts.length} prompts to ${withoutCredentials(base)}, ${options.concurrency} at a time, max_tokens ${settings.maxTokens}, to ${options.adapterName}`,
  );
  const ran = await sendAll(io, settings, parsed.sources, data);
  const client = clientFigures(ran.data.measured.baseline ?? new RequestTable('baseline').measured());
  const findings: Finding[] = [...clientProblems(io, ran, client, data.prompts.length)];
  const server =
    client.started_ms === null || client.ended_ms === null || io.interrupted.aborted
      ? NOT_ASKED
      : await askPrometheus(io, options, prometheus, client);
  findings.push(...server.findings, ...notes(options, client, server));
  const metrics =
    (options.window === 'exact' ? server.exact?.figures : server.contract) ?? mapFigures(() => null);
  const result: LoadTest = {
    schema_version: GATE_SCHEMA_VERSION,
    load_test_id,
    status: isInvalid(findings) ? 'failed' : 'completed',
    adapter_name: options.adapterName,
    vllm_url: withoutCredentials(base),
    prometheus_url: prometheus.shown_url,
    job: options.job,
    concurrency: options.concurrency,
    max_tokens: settings.maxTokens,
    total_requests: client.total_requests,
    success_count: client.success_count,
    failure_count: client.total_requests - client.success_count,
    client_success_rate: client.success_rate?.value ?? null,
    wall_clock_duration_s: durationOf(client),
    eval_data: { source: data.source, sha256: data.sha256, prompts: data.prompts.length },
    window: options.window,
    contract_window: server.contract_window,
    metrics,
    server: {
      exact: server.exact === null ? null : plainExact(server.exact),
      contract: server.contract,
      scrape_interval_s: server.scrape_interval_s,
      clock_offset_ms: server.clock_offset_ms,
    },
    client,
    findings,
  };
  const report = loadTestReport(result);
  writeReport(io, report, directory, LOAD_TEST_NAMES, { step_summary: true });
  status(result.status);
  showReport(io, report, directory, LOAD_TEST_NAMES, { json: false, open: false });
  return result;
}

const plainExact = (exact: ExactFigures) => ({ ...exact, model_names: [...exact.model_names] });

const stamp = (): string =>
  new Date()
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/[-:]/g, '')
    .replace('T', '-');

const durationOf = ({ started_ms, ended_ms }: ClientFigures): number | null =>
  started_ms === null || ended_ms === null ? null : (ended_ms - started_ms) / 1000;

/** Everything that would make the load pointless is found before it. @throws UsageError */
async function assertReady(
  io: Io,
  settings: Settings,
  options: LoadTestOptions,
  prometheus: Prometheus,
): Promise<void> {
  const url = `${settings.baselineUrl ?? ''}/health`;
  const health = await ask(io, settings, url).catch((error: unknown) => {
    throw asUsageError(
      error,
      (cause) =>
        `--vllm-url ${withoutCredentials(options.vllmUrl)} can't be reached: ${cause}; start the server, or correct --vllm-url`,
    );
  });
  if (health.status !== 200)
    throw new UsageError(
      `--vllm-url ${withoutCredentials(options.vllmUrl)}: GET /health answers ${health.status}: ${terminalText(health.body.slice(0, 200))}; it must be 200 before a load`,
    );
  await assertModelListed(io, settings, settings.baselineUrl ?? '', options.adapterName, '--adapter-name');
  let { latest } = await prometheus.scraping();
  if (latest.length === 0) {
    say(io, `waiting for a first scrape of the job "${options.job}"`);
    await prometheus.waitForScrape(0, options.scrapeWaitMs);
    ({ latest } = await prometheus.scraping());
  }
  if (latest.length === 0)
    throw new UsageError(
      `Prometheus at ${prometheus.shown_url} scrapes no target of the job "${options.job}" (${await prometheus.jobs()}); correct --job, or add the server to its scrape configuration (deploy/prometheus/prometheus.yml)`,
    );
  const down = latest.filter(({ up }) => !up);
  if (down.length > 0)
    throw new UsageError(
      `Prometheus at ${prometheus.shown_url} can't scrape ${down.map(({ instance }) => terminalText(instance)).join(', ')}: ${(await prometheus.lastError()) ?? 'the target is down'}; mend that before the load`,
    );
}

/** Every prompt once, through k6; a run directory like any other's. */
async function sendAll(
  io: Io,
  settings: Settings,
  sources: ParsedSettings['sources'],
  data: EvalData,
): Promise<Ran> {
  const { source, sha256, prompts } = data;
  const { run, last } = await runLoad(io, {
    job: GATE_JOB,
    parsed: { settings, sources, problems: [] },
    payloads: { ...unlabelledSet(source, prompts), sha256 },
    // Looked at already, by what this gate needs; no request may reach the server but the prompts.
    look: async (_, checked) => await Promise.resolve(checked),
  });
  return { data: readRun(run), last };
}

interface Ran {
  readonly data: RunData;
  readonly last: BlockResult | null;
}

/** A margin of the limits against a baseline: what the load machine's own doing must stay below. */
const TOLERANCE = LIMITS.max_p95_latency_ratio - 1;

function clientProblems(io: Io, { data, last }: Ran, client: ClientFigures, expected: number): Finding[] {
  const findings: Finding[] = [];
  if (io.interrupted.aborted) return [finding('prompts_unsent')];
  const stopped = data.manifest.stopped;
  if (stopped !== null || last?.k6_exit_code !== 0)
    findings.push(
      finding('load_failed', {
        cause:
          stopped === null
            ? `exit ${String(last?.k6_exit_code)}: ${last?.last_lines.slice(-300) ?? ''}`
            : stopped.reason,
      }),
    );
  if (client.total_requests !== expected)
    findings.push(finding('prompts_unrecorded', { recorded: client.total_requests, expected }));
  if (client.success_count === 0)
    findings.push(
      finding('no_answers', {
        requests: client.total_requests,
        failures: Object.entries(client.failures)
          .map(([kind, n]) => `${kind} ${n}`)
          .join(', '),
      }),
    );
  return [...findings, ...untrusted(data)];
}

/** By the rule of evidence that every job has. */
function untrusted(data: RunData): Finding[] {
  const summaries = mapVariants(data.measured, (measured) =>
    summarise(measured, samples(measured), { planned_ms: Infinity, clients: null, slo: null }),
  );
  return runEvidence(data, summaries, TOLERANCE).findings.filter(({ severity }) => severity === 'invalid');
}

interface Asked {
  readonly exact: ExactFigures | null;
  readonly contract: Figures | null;
  readonly contract_window: string | null;
  readonly scrape_interval_s: number | null;
  readonly clock_offset_ms: number | null;
  readonly findings: readonly Finding[];
}

const NOT_ASKED: Asked = {
  exact: null,
  contract: null,
  contract_window: null,
  scrape_interval_s: null,
  clock_offset_ms: null,
  findings: [],
};

/** Waits for the scrape that closes the test, then asks everything. */
async function askPrometheus(
  io: Io,
  options: LoadTestOptions,
  prometheus: Prometheus,
  client: ClientFigures,
): Promise<Asked> {
  const started_ms = client.started_ms ?? 0;
  const ended_ms = client.ended_ms ?? 0;
  const contract_window = contractWindow(ended_ms - started_ms);
  let asked: Asked = { ...NOT_ASKED, contract_window };
  try {
    const clock_offset_ms = await prometheus.clockOffset();
    const range: TestRange = {
      from_ms: started_ms + clock_offset_ms,
      to_ms: settled(ended_ms) + clock_offset_ms,
    };
    say(io, `waiting at least ${options.scrapeWaitMs / 1000} s for the next scrape`);
    await waitFor(io, Math.max(0, ended_ms + options.scrapeWaitMs - Date.now()));
    const { interval_ms } = await prometheus.scraping();
    asked = { ...asked, clock_offset_ms, scrape_interval_s: interval_ms / 1000 };
    await prometheus.waitForScrape(range.to_ms, Math.max(0, ended_ms + 2 * interval_ms - Date.now()));
    const asked_ms = Date.now() + clock_offset_ms;
    const raw = await prometheus.rawTest(range, interval_ms, {
      sent: client.total_requests,
      answered: client.success_count,
      duration_s: (ended_ms - started_ms) / 1000,
    });
    const exact = exactFigures(raw);
    const contract = contractFigures(await prometheus.contract(contract_window, asked_ms));
    const cause = exact.findings.some(({ code }) => code === 'target_down')
      ? await prometheus.lastError()
      : null;
    const explained = exact.findings.map((one) =>
      one.code === 'target_missing'
        ? finding(one.code, { job: options.job })
        : one.code === 'target_down' && cause !== null
          ? finding(one.code, { ...one.args, cause })
          : one,
    );
    return {
      ...asked,
      exact: exact.exact,
      contract: contract.figures,
      // The contract's window is decided on only when asked for: its own gaps are no flaw of the exact figures.
      findings: [...explained, ...(options.window === 'contract' ? contract.findings : [])],
    };
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    return { ...asked, findings: [finding('prometheus_failed', { cause: error.message })] };
  }
}

const NOTICED_OFFSET_MS = 2000;
/** The contract's throughput this far below the exact one is worth a word. */
const DILUTED = 0.9;

function notes(options: LoadTestOptions, client: ClientFigures, server: Asked): Finding[] {
  const { exact, contract, clock_offset_ms } = server;
  const findings: Finding[] = [];
  if (clock_offset_ms !== null && Math.abs(clock_offset_ms) > NOTICED_OFFSET_MS)
    findings.push(finding('clock_offset', { offset_ms: clock_offset_ms }));
  if (exact === null) return findings;
  findings.push(
    finding('base_model_label', {
      models: exact.model_names.join(', '),
      adapter: options.adapterName,
    }),
    ...bucketNotes(exact.buckets),
    ...clientGaps(client, exact),
  );
  for (const name of FIGURES)
    if (OPTIONAL_FIGURES.includes(name) && exact.figures[name] === null)
      findings.push(finding('absent_gauge', { figure: name }));
  const [over_test, over_window] = [exact.figures.throughput_rps, contract?.throughput_rps ?? null];
  if (over_test !== null && over_window !== null && over_window < DILUTED * over_test)
    findings.push(
      finding('window_dilutes', {
        window: server.contract_window ?? '',
        contract: over_window,
        exact: over_test,
      }),
    );
  return findings;
}

/** Server and client side by side, and why they differ. */
function clientGaps(client: ClientFigures, { buckets }: ExactFigures): Finding[] {
  return (['latency', 'ttft'] as const).flatMap((metric) => {
    const seen = (metric === 'latency' ? client.latency_s : client.ttft_s)?.p95;
    const bucket = buckets[metric].p95;
    if (seen === undefined || bucket === null) return [];
    const within = seen.value >= bucket.bucket_low && seen.value <= (bucket.bucket_high ?? Infinity);
    return [
      finding('client_gap', {
        figure: `p95_${metric}_s`,
        client: seen.value,
        server: bucket.value,
        gap: Math.abs(seen.value - bucket.value),
        within: within ? 'yes' : 'no',
        slower: seen.value >= bucket.value ? 'client' : 'server',
      }),
    ];
  });
}
