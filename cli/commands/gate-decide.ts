/** `npm run gate:decide`: the second step of the gate. */
import { LIMITS, type LimitName } from '../../domain/jobs/adapter-gate/checks.ts';
import { decisionExit } from '../../domain/jobs/adapter-gate/decision.ts';
import { decide } from '../jobs/adapter-gate/decide.ts';
import { number, optionalText, text, toggle, type Flag, type Values } from '../jobs/adapter-gate/flags.ts';
import type { Io } from '../io.ts';

const limit = (name: LimitName, doc: string, max = 1e9): Flag<number> =>
  number({ flag: name.replaceAll('_', '-'), doc, fallback: LIMITS[name], min: 0, max });

export const LIMIT_FLAGS = {
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
} as const satisfies Record<LimitName, Flag<number>>;

export const DECIDE_FLAGS = {
  loadTestResults: text({
    flag: 'load-test-results',
    placeholder: 'FILE',
    doc: 'load_test_results.json of gate:load-test',
  }),
  modelName: text({ flag: 'model-name', placeholder: 'NAME', doc: 'registered model in MLflow' }),
  candidateVersion: optionalText({
    flag: 'candidate-version',
    placeholder: 'N',
    doc: 'its version that is decided on (default: found by alias)',
  }),
  candidateAlias: text({
    flag: 'candidate-alias',
    placeholder: 'ALIAS',
    fallback: 'eval-passed',
    doc: 'alias that the version is found by',
  }),
  datasetName: optionalText({
    flag: 'dataset-name',
    placeholder: 'NAME',
    doc: "the dataset's name in MLflow, as eval-v3 (default: the file's)",
  }),
  datasetSource: optionalText({
    flag: 'dataset-source',
    placeholder: 'URI',
    doc: "where it came from (default: the file's path)",
  }),
  outputDir: text({
    flag: 'output-dir',
    placeholder: 'DIR',
    doc: 'gets perf_decision.json, perf_status.txt and perf_report.md',
  }),
  strict: toggle(
    'strict',
    "a check also needs its whole interval, from the clients' own records, on the good side",
  ),
  noMlflow: toggle('no-mlflow', 'decides without MLflow; nothing is recorded'),
  baseline: optionalText({
    flag: 'baseline',
    placeholder: 'FILE',
    doc: 'with --no-mlflow: load_test_results.json to compare with',
  }),
  ...LIMIT_FLAGS,
} as const;

export async function gateDecideCommand(io: Io, flags: Values<typeof DECIDE_FLAGS>): Promise<number> {
  const decision = await decide(io, {
    ...flags,
    trackingUri: trackingUri(io),
    limits: limitsOf(flags),
  });
  return decisionExit(decision);
}

/** From the environment alone: it may carry user information. */
const trackingUri = (io: Io): string | null => {
  const uri = io.env['MLFLOW_TRACKING_URI'];
  return uri === undefined || uri === '' ? null : uri;
};

export const limitsOf = (flags: Values<typeof LIMIT_FLAGS>) => ({
  max_p95_latency: flags.max_p95_latency,
  max_p95_ttft: flags.max_p95_ttft,
  min_throughput: flags.min_throughput,
  min_success_rate: flags.min_success_rate,
  max_p95_latency_ratio: flags.max_p95_latency_ratio,
  max_p95_ttft_ratio: flags.max_p95_ttft_ratio,
  min_throughput_ratio: flags.min_throughput_ratio,
  max_success_rate_drop: flags.max_success_rate_drop,
});
