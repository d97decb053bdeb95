/** The gate's second step: the decision, and its record in MLflow. Begun work is gone on with, never doubled. */
import { basename, extname, join } from 'node:path';
import { baselineOf, type Baseline } from '../../../domain/jobs/adapter-gate/baseline.ts';
import type { Limits } from '../../../domain/jobs/adapter-gate/checks.ts';
import {
  decideGate,
  passStands,
  type Dataset,
  type Decision,
} from '../../../domain/jobs/adapter-gate/decision.ts';
import { finding } from '../../../domain/verdict/findings.ts';
import { parseLoadTest, type LoadTest } from '../../../domain/jobs/adapter-gate/load-test.ts';
import {
  DECISION_TAG,
  EXPERIMENT,
  baselineFromRun,
  changedParam,
  chosenBaseline,
  datasetDigest,
  metricsOf,
  paramsOf,
} from '../../../domain/jobs/adapter-gate/mlflow.ts';
import { UsageError, userPath, type Io } from '../../io.ts';
import { readNamed } from '../../read/named-file.ts';
import { writeWhole } from '../../run/directory.ts';
import { STATUS_FILES, outputDirectory } from './load-test.ts';
import { Mlflow, type Run } from './mlflow.ts';
import { decisionReport } from '../../report/adapter-gate.ts';
import { renderMarkdown } from '../../report/markdown.ts';
import { DECISION_NAMES, LOAD_TEST_NAMES, showReport, writeReport } from '../../report/write.ts';
import { ServiceFailure } from '../../services/json-service.ts';

export interface DecideOptions {
  readonly loadTestResults: string;
  readonly modelName: string;
  readonly candidateVersion: string | null;
  readonly candidateAlias: string;
  readonly datasetName: string | null;
  readonly datasetSource: string | null;
  readonly outputDir: string;
  readonly strict: boolean;
  readonly noMlflow: boolean;
  readonly baseline: string | null;
  readonly trackingUri: string | null;
  readonly limits: Limits;
}

function readLoadTest(io: Io, path: string, flag: string): LoadTest {
  const cure = 'give the load_test_results.json of gate:load-test';
  return parseLoadTest(readNamed(userPath(io, path), `${flag} ${path}`, cure), `${flag} ${path}`);
}

/** Runs the step. Its status file says `failed` until everything is written. @throws UsageError that says what was not */
export async function decide(io: Io, options: DecideOptions): Promise<Decision> {
  const directory = outputDirectory(io, options.outputDir);
  const status = (word: 'passed' | 'failed'): void =>
    writeWhole(join(directory, STATUS_FILES.decision), `${word}\n`);
  status('failed');
  const test = readLoadTest(io, options.loadTestResults, '--load-test-results');
  const step: Step = { io, options, test, dataset: datasetOf(options, test), directory };
  const decision =
    test.status === 'failed' || options.noMlflow ? await decideAlone(step) : await decideWithMlflow(step);
  const report = decisionReport(decision, test);
  writeReport(io, report, directory, DECISION_NAMES, { step_summary: true });
  if (decision.decision === 'passed' && passStands(decision)) status('passed');
  showReport(io, report, directory, DECISION_NAMES, { json: false, open: false });
  return decision;
}

interface Step {
  readonly io: Io;
  readonly options: DecideOptions;
  readonly test: LoadTest;
  readonly dataset: Dataset;
  readonly directory: string;
}

function datasetOf({ datasetName, datasetSource }: DecideOptions, { eval_data }: LoadTest): Dataset {
  return {
    name: datasetName ?? basename(eval_data.source, extname(eval_data.source)),
    digest: datasetDigest(eval_data.sha256),
    source: datasetSource ?? eval_data.source,
  };
}

/** The report's files; made anew as the decision gets further. */
function keep({ io, directory, test }: Step, decision: Decision): { decision: string; report: string } {
  const report = decisionReport(decision, test);
  writeReport(io, report, directory, DECISION_NAMES, { step_summary: false });
  return { decision: report.json, report: renderMarkdown(report) };
}

function make(step: Step, baseline: Baseline | null, version: string | null): Decision {
  const { options, test, dataset } = step;
  return decideGate({
    test,
    baseline,
    limits: options.limits,
    strict: options.strict,
    candidate: { model_name: options.modelName, version, adapter_name: test.adapter_name },
    dataset,
  });
}

/** Without MLflow, and for a load test that is invalid, of which nothing is written there. */
async function decideAlone(step: Step): Promise<Decision> {
  const { io, options } = step;
  const file = options.baseline;
  const baseline = file === null ? null : baselineOf(readLoadTest(io, file, '--baseline'), file);
  return make(step, baseline, options.candidateVersion);
}

async function decideWithMlflow(step: Step): Promise<Decision> {
  const { io, options, test } = step;
  if (options.baseline !== null)
    throw new UsageError(
      '--baseline FILE is for --no-mlflow; with MLflow the baseline is the newest run that passed: drop one of the two',
    );
  if (options.trackingUri === null)
    throw new UsageError(
      'MLFLOW_TRACKING_URI is missing, provide it: MLFLOW_TRACKING_URI=http://HOST:PORT (or decide without MLflow: --no-mlflow --baseline FILE)',
    );
  const mlflow = new Mlflow(io, options.trackingUri);
  const found = await mlflow.findExperiment(EXPERIMENT);
  const begun = found === null ? null : await mlflow.begunRun(found, test.load_test_id);
  const version = await candidateVersion(mlflow, options, begun);
  const baseline = found === null ? null : await baselineFor(mlflow, found, test, begun);
  const made = make(step, baseline, version);
  const decision: Decision =
    begun === null
      ? made
      : { ...made, findings: [...made.findings, finding('resumed', { run_id: begun.run_id })] };
  if (decision.decision === 'invalid') return decision;
  return await record(step, mlflow, decision, version);
}

/** As first decided, where that was begun: the alias may have moved since. */
async function candidateVersion(mlflow: Mlflow, options: DecideOptions, begun: Run | null): Promise<string> {
  const { modelName, candidateVersion: given, candidateAlias } = options;
  const before = begun?.params.get('candidate_version');
  const wanted = given ?? (before === '' ? undefined : before);
  const found =
    wanted === undefined
      ? await mlflow.aliased(modelName, candidateAlias)
      : await mlflow.version(modelName, wanted);
  return found.version;
}

async function baselineFor(
  mlflow: Mlflow,
  experiment_id: string,
  test: LoadTest,
  begun: Run | null,
): Promise<Baseline | null> {
  const chosen = begun === null ? undefined : chosenBaseline(begun);
  if (chosen === null) return null;
  const run =
    chosen === undefined
      ? await mlflow.newestPassed(experiment_id, test.load_test_id)
      : await mlflow.run(chosen);
  return run === null ? null : baselineFromRun(run);
}

/** Every write may be made twice with the same end; the decision's tag comes after all that it stands for. */
async function record(step: Step, mlflow: Mlflow, decided: Decision, version: string): Promise<Decision> {
  const { options, test, dataset } = step;
  const word = decided.decision === 'passed' ? 'passed' : 'failed';
  const written: string[] = [];
  let decision = decided;
  let run: Run | null = null;
  const now = (): Decision => ({
    ...decision,
    mlflow: {
      tracking_uri: mlflow.shown_url,
      experiment: EXPERIMENT,
      run_id: run?.run_id ?? null,
      written: [...written],
    },
  });
  const params = paramsOf(decision, test);
  const steps: readonly (readonly [name: string, write: (to: Run) => Promise<void>])[] = [
    ['params and metrics', async (to) => await mlflow.logBatch(to.run_id, params, metricsOf(decision, test))],
    ['dataset', async (to) => await mlflow.logDataset(to.run_id, dataset)],
    [
      'artifacts',
      async (to) => {
        const texts = keep(step, now());
        await mlflow.putArtifact(to, LOAD_TEST_NAMES.json, `${JSON.stringify(test, null, 2)}\n`);
        await mlflow.putArtifact(to, DECISION_NAMES.json, texts.decision);
        await mlflow.putArtifact(to, DECISION_NAMES.markdown, texts.report);
      },
    ],
    [`tag ${DECISION_TAG}`, async (to) => await mlflow.setTag(to.run_id, DECISION_TAG, word)],
    [
      'alias',
      async () => {
        const stands = await mlflow.mark(options.modelName, version, word);
        if (stands !== word)
          decision = {
            ...decision,
            findings: [...decision.findings, finding('other_gate_failed', { version })],
          };
      },
    ],
    ['end of the run', async (to) => await mlflow.finish(to.run_id)],
  ];
  try {
    const experiment_id = await mlflow.experiment(EXPERIMENT);
    run = await mlflow.ensureRun(experiment_id, test.load_test_id);
    const changed = changedParam(run, params);
    if (changed !== null)
      throw new UsageError(
        `load test ${test.load_test_id} was decided before with ${changed.key} ${changed.kept}, and now ${changed.wanted} is asked for: MLflow keeps the first for ever. Give the same again, or run gate:load-test anew`,
      );
    written.push('run');
    for (const [name, write] of steps) {
      await write(run);
      written.push(name);
    }
    return now();
  } catch (error) {
    keep(step, now());
    if (!(error instanceof UsageError)) throw error;
    const left = ['run', ...steps.map(([name]) => name)].filter((name) => !written.includes(name));
    const hint =
      error instanceof ServiceFailure
        ? '; run gate:decide again with the same results: it goes on from there'
        : '';
    throw new UsageError(
      `${error.message}\n  decided: ${word}; in MLflow are written: ${written.join(', ') || 'nothing'}; not written: ${left.join(', ')}${hint}`,
      { cause: error },
    );
  }
}
