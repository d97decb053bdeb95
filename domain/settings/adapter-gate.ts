/** The options of the adapter's performance gate, by step: what the issue of a workflow names them, not settings of a load. */
import { LIMITS, type LimitName } from '../jobs/adapter-gate/checks.ts';
import { WINDOWS } from '../jobs/adapter-gate/load-test.ts';
import {
  absent,
  choice,
  duration,
  named,
  number,
  filePath,
  plainUrl,
  required,
  setting,
  toggle,
} from './kinds.ts';
import type { Setting } from './kinds.ts';

export const LOAD_TEST = {
  vllmUrl: required(plainUrl, 'base URL of the vLLM server'),
  adapterName: required(named('NAME'), 'the LoRA adapter, as /v1/models lists it'),
  evalDataPath: required(filePath(), 'prompts, JSONL with "prompt_inference"; each is sent once'),
  concurrency: setting(number({ min: 1, max: 20_000, whole: true }), 10, 'requests in flight at once'),
  prometheusUrl: required(
    plainUrl,
    'Prometheus that scrapes the server; secrets in PROMETHEUS_TOKEN, or _USERNAME and _PASSWORD',
  ),
  outputDir: required(
    filePath('DIR'),
    'gets load_test_results.json, load_test_status.txt and the run itself',
  ),
  scrapeWaitMs: setting(
    duration({ max: 600_000 }),
    20_000,
    'least wait after the last answer; longer until a later scrape is seen, two intervals at most',
  ),
  job: setting(named('NAME'), 'vllm-service', "the server's job in Prometheus"),
  window: setting(
    choice(WINDOWS),
    'exact',
    "decide on the test's exact range, or on the contract's window rounded up to the minute",
  ),
} as const;

const limit = (of: LimitName, doc: string, max = 1e9): Setting<number> =>
  setting(number({ min: 0, max }), LIMITS[of], doc);

export const GATE_LIMITS = {
  max_p95_latency: limit('max_p95_latency', 'E2E p95 must be below, s'),
  max_p95_ttft: limit('max_p95_ttft', 'TTFT p95 must be below, s'),
  min_throughput: limit('min_throughput', 'throughput must be above, req/s'),
  min_success_rate: limit('min_success_rate', "the client's success rate must reach, a share", 1),
  max_p95_latency_ratio: limit('max_p95_latency_ratio', "E2E p95, most times the baseline's"),
  max_p95_ttft_ratio: limit('max_p95_ttft_ratio', "TTFT p95, most times the baseline's"),
  min_throughput_ratio: limit('min_throughput_ratio', "throughput, least times the baseline's"),
  max_success_rate_drop: limit(
    'max_success_rate_drop',
    "how far the success rate may lie below the baseline's, a share",
    1,
  ),
} as const satisfies Record<LimitName, Setting<number>>;

export const DECIDE = {
  loadTestResults: required(filePath(), 'load_test_results.json of gate:load-test'),
  modelName: required(named('NAME'), 'registered model in MLflow'),
  candidateVersion: absent(named('N'), 'its version that is decided on (default: found by alias)'),
  candidateAlias: setting(named('ALIAS'), 'eval-passed', 'alias that the version is found by'),
  datasetName: absent(named('NAME'), "the dataset's name in MLflow, as eval-v3 (default: the file's)"),
  datasetSource: absent(named('URI'), "where it came from (default: the file's path)"),
  outputDir: required(filePath('DIR'), 'gets perf_decision.json, perf_status.txt and perf_report.md'),
  strict: setting(
    toggle,
    false,
    "a check also needs its whole interval, from the clients' own records, on the good side",
  ),
  noMlflow: setting(toggle, false, 'decides without MLflow; nothing is recorded'),
  baseline: absent(filePath(), 'with --no-mlflow: load_test_results.json to compare with'),
  ...GATE_LIMITS,
} as const;

/** Both steps on servers of our own. */
export const DEMO = {
  standIn: setting(
    named("'ARGS'"),
    '--ttft-ms 120 --itl-ms 8',
    "arguments of the stand-in vLLM, as '--latency-scale 20'",
  ),
  evalDataPath: absent(filePath(), 'prompts, JSONL with "prompt_inference" (default the suite\'s own)'),
  concurrency: LOAD_TEST.concurrency,
  window: LOAD_TEST.window,
  scrapeIntervalMs: setting(duration({ max: 60_000 }), 2000, 'how often Prometheus scrapes the stand-in'),
  scrapeWaitMs: setting(duration({ max: 600_000 }), 5000, 'least wait after the last answer'),
  stateDir: setting(
    filePath('DIR'),
    'results/gate',
    'keeps MLflow between runs, and each run in a folder of its own; remove it to begin anew',
  ),
  runs: setting(
    number({ min: 1, max: 20, whole: true }),
    1,
    'gates in a row on the same servers: the first absolute, the next against it',
  ),
  strict: DECIDE.strict,
  noMlflow: DECIDE.noMlflow,
  ...GATE_LIMITS,
} as const;
