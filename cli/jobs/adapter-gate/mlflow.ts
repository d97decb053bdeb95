/** MLflow's REST API 2.0 as MLflow 3 serves it, as far as the gate needs it. */
import * as v from 'valibot';
import type { Dataset } from '../../../domain/jobs/adapter-gate/decision.ts';
import {
  ALIASES,
  DECISION_TAG,
  GATE_TAG,
  datasetInput,
  type KeptRun,
  type Metric,
  type Pair,
} from '../../../domain/jobs/adapter-gate/mlflow.ts';
import { UsageError, type Io } from '../../io.ts';
import { Service, ServiceFailure, shownText, type Call } from '../../services/json-service.ts';

const TIMEOUT_MS = 60_000;
/** Of two gates on one version, the one that fails it looks again so often whether its word stands. */
const MARK_ATTEMPTS = 5;
const API = '/api/2.0/mlflow';
const ARTIFACTS = '/api/2.0/mlflow-artifacts/artifacts';

const pairs = v.optional(v.array(v.object({ key: v.string(), value: v.optional(v.string(), '') })), []);
const runSchema = v.object({
  info: v.object({
    run_id: v.string(),
    start_time: v.optional(v.number(), 0),
    artifact_uri: v.optional(v.string(), ''),
    lifecycle_stage: v.optional(v.string(), 'active'),
  }),
  data: v.optional(
    v.object({
      params: pairs,
      tags: pairs,
      // A metric may be the text "NaN".
      metrics: v.optional(
        v.array(v.object({ key: v.string(), value: v.optional(v.union([v.number(), v.string()]), 0) })),
        [],
      ),
    }),
    { params: [], tags: [], metrics: [] },
  ),
});

export interface Run extends KeptRun {
  readonly tags: ReadonlyMap<string, string>;
  readonly start_ms: number;
  readonly artifact_uri: string;
}

const toMap = (list: readonly { key: string; value: string }[]): Map<string, string> =>
  new Map(list.map(({ key, value }) => [key, value]));

function toRun({ info, data }: v.InferOutput<typeof runSchema>): Run {
  return {
    run_id: info.run_id,
    start_ms: info.start_time,
    artifact_uri: info.artifact_uri,
    params: toMap(data.params),
    tags: toMap(data.tags),
    metrics: new Map(
      data.metrics.flatMap(({ key, value }) =>
        typeof value === 'number' && Number.isFinite(value) ? [[key, value] as const] : [],
      ),
    ),
  };
}

export interface ModelVersion {
  readonly version: string;
  readonly aliases: readonly string[];
}

const versionSchema = v.object({
  version: v.union([v.string(), v.pipe(v.number(), v.transform(String))]),
  aliases: v.optional(v.array(v.string()), []),
});

/** In MLflow's filter language a text is quoted and has no escape. */
function quoted(text: string): string {
  if (/['"\\]/.test(text)) throw new UsageError(`"${text}" has a quote, which MLflow's search can't take`);
  return `'${text}'`;
}

export class Mlflow {
  readonly #service: Service;

  /** @throws UsageError where `url` is no http(s) address */
  constructor(io: Io, url: string) {
    if (!/^https?:/i.test(url))
      throw new UsageError(
        `MLFLOW_TRACKING_URI is "${url}"; allowed: http://HOST:PORT or https://... of an MLflow server (files and databases are not written to directly: start "mlflow server" on them)`,
      );
    this.#service = new Service(io, {
      name: 'MLflow',
      given_by: 'MLFLOW_TRACKING_URI',
      url,
      secrets: 'MLFLOW_TRACKING',
      timeout_ms: TIMEOUT_MS,
      explain: (status, body) =>
        status === 403 && /host header/i.test(body)
          ? `the server does not know itself by that name: start it with --allowed-hosts naming it, or use a name that it knows`
          : null,
    });
  }

  get shown_url(): string {
    return this.#service.shown_url;
  }

  async #read<S extends v.GenericSchema>(
    schema: S,
    path: string,
    query: Readonly<Record<string, string>>,
  ): Promise<v.InferOutput<S>> {
    const text = new URLSearchParams(query).toString();
    return this.#shape(
      schema,
      path,
      await this.#service.call({ method: 'GET', path: `${API}${path}?${text}` }),
    );
  }

  async #write<S extends v.GenericSchema>(
    schema: S,
    path: string,
    body: unknown,
    call: Partial<Pick<Call, 'method' | 'once'>> = {},
  ): Promise<v.InferOutput<S>> {
    const sent = { method: 'POST', path: `${API}${path}`, body, ...call } as const;
    const write = async (): Promise<unknown> => await this.#service.call(sent);
    // What must happen only once is never sent again.
    return this.#shape(schema, path, await (call.once === true ? write() : rewriting(write)));
  }

  #shape<S extends v.GenericSchema>(schema: S, path: string, value: unknown): v.InferOutput<S> {
    const parsed = v.safeParse(schema, value);
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    throw new ServiceFailure(
      'not_json',
      `MLflow at ${this.shown_url}, ${path}: the answer has another shape at ${v.getDotPath(issue) ?? 'the top'}: ${issue.message}; is MLFLOW_TRACKING_URI an MLflow 3 server?`,
    );
  }

  /** Id of the experiment, made where it isn't there yet; two may do so at once. */
  async experiment(name: string): Promise<string> {
    const found = await this.findExperiment(name);
    if (found !== null) return found;
    try {
      const made = await this.#write(v.object({ experiment_id: v.string() }), '/experiments/create', {
        name,
      });
      return made.experiment_id;
    } catch (error) {
      const again = codeOf(error) === 'RESOURCE_ALREADY_EXISTS' ? await this.findExperiment(name) : null;
      if (again === null) throw error;
      return again;
    }
  }

  /** @throws UsageError for one that was deleted: its name stays taken */
  async findExperiment(name: string): Promise<string | null> {
    const schema = v.object({
      experiment: v.object({ experiment_id: v.string(), lifecycle_stage: v.optional(v.string(), 'active') }),
    });
    const answer = await missing(this.#read(schema, '/experiments/get-by-name', { experiment_name: name }));
    if (answer === null) return null;
    if (answer.experiment.lifecycle_stage !== 'active')
      throw new UsageError(
        `the experiment "${name}" of MLflow at ${this.shown_url} was deleted; restore it: mlflow experiments restore --experiment-id ${answer.experiment.experiment_id}`,
      );
    return answer.experiment.experiment_id;
  }

  async #search(experiment_id: string, filter: string, order: 'ASC' | 'DESC', most: number): Promise<Run[]> {
    const answer = await this.#write(v.object({ runs: v.optional(v.array(runSchema), []) }), '/runs/search', {
      experiment_ids: [experiment_id],
      filter,
      order_by: [`attributes.start_time ${order}`],
      max_results: most,
    });
    return answer.runs.map(toRun);
  }

  /** The newest run that passed, other than that of this load test. */
  async newestPassed(experiment_id: string, load_test_id: string): Promise<Run | null> {
    const passed = await this.#search(experiment_id, `tags.${DECISION_TAG} = 'passed'`, 'DESC', 10);
    return passed.find(({ tags }) => tags.get(GATE_TAG) !== load_test_id) ?? null;
  }

  async run(run_id: string): Promise<Run> {
    const { run } = await this.#read(v.object({ run: runSchema }), '/runs/get', { run_id });
    return toRun(run);
  }

  /** The runs that were begun for this load test; the first is the one that counts. */
  async #begun(experiment_id: string, load_test_id: string): Promise<Run[]> {
    const found = await this.#search(experiment_id, `tags.${GATE_TAG} = ${quoted(load_test_id)}`, 'ASC', 10);
    return found.toSorted((a, b) => a.start_ms - b.start_ms || (a.run_id < b.run_id ? -1 : 1));
  }

  async begunRun(experiment_id: string, load_test_id: string): Promise<Run | null> {
    return (await this.#begun(experiment_id, load_test_id))[0] ?? null;
  }

  /** The one run of this load test: found, or made. Two deciders at once, and one cut off in its making, take the same. */
  async ensureRun(experiment_id: string, load_test_id: string): Promise<Run> {
    const before = await this.begunRun(experiment_id, load_test_id);
    if (before === null) {
      const made = this.#write(
        v.object({ run: runSchema }),
        '/runs/create',
        {
          experiment_id,
          run_name: load_test_id,
          // The order of making: of two made at once the first counts.
          start_time: Date.now(),
          tags: [{ key: GATE_TAG, value: load_test_id }],
        },
        { once: true },
      );
      await made.catch((error: unknown) => {
        // It may have been made all the same: the search below knows.
        if (!(error instanceof ServiceFailure) || error.kind !== 'cut') throw error;
      });
    }
    const [first, ...more] = await this.#begun(experiment_id, load_test_id);
    if (first === undefined)
      throw new ServiceFailure(
        'cut',
        `MLflow at ${this.shown_url} did not make a run: the connection was cut`,
      );
    // What another decider, or a crash, made beside it; it may be gone already.
    for (const { run_id } of more) await this.#write(v.unknown(), '/runs/delete', { run_id }).catch(() => {});
    return first;
  }

  /** At most 100 params and 1000 metrics a call: a gate has some 50. */
  async logBatch(run_id: string, params: readonly Pair[], metrics: readonly Metric[]): Promise<void> {
    await this.#write(v.unknown(), '/runs/log-batch', { run_id, params, metrics });
  }

  async logDataset(run_id: string, dataset: Dataset): Promise<void> {
    const body = { run_id, datasets: [datasetInput(dataset)] };
    await this.#write(v.unknown(), '/runs/log-inputs', body);
  }

  async setTag(run_id: string, key: string, value: string): Promise<void> {
    await this.#write(v.unknown(), '/runs/set-tag', { run_id, key, value });
  }

  async finish(run_id: string): Promise<void> {
    await this.#write(v.unknown(), '/runs/update', {
      run_id,
      status: 'FINISHED',
      end_time: Date.now(),
    });
  }

  /** Through the server's artifact proxy. @throws UsageError where it has none */
  async putArtifact(run: Run, name: string, text: string): Promise<void> {
    const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(run.artifact_uri)?.[1];
    if (path === undefined)
      throw new UsageError(
        `MLflow at ${this.shown_url} keeps artifacts at ${shownText(run.artifact_uri)} and does not pass them on; start it with --artifacts-destination in place of --default-artifact-root`,
      );
    await this.#service.call({
      method: 'PUT',
      path: `${ARTIFACTS}/${path}/${encodeURIComponent(name)}`,
      text,
    });
  }

  /** A registered model's version by number. @throws UsageError that names what is missing */
  async version(model_name: string, version: string): Promise<ModelVersion> {
    await this.#assertModel(model_name);
    const found = await missing(
      this.#read(v.object({ model_version: versionSchema }), '/model-versions/get', {
        name: model_name,
        version,
      }),
    );
    if (found === null)
      throw new UsageError(
        `the registered model "${model_name}" has no version ${version}; give another --candidate-version`,
      );
    return {
      ...found.model_version,
      aliases: await this.#aliasesOf(model_name, found.model_version.version),
    };
  }

  /** The version that an alias points at. @throws UsageError that lists the aliases there are */
  async aliased(model_name: string, alias: string): Promise<ModelVersion> {
    const aliases = await this.#assertModel(model_name);
    const version = aliases.get(alias);
    if (version === undefined)
      throw new UsageError(
        `the registered model "${model_name}" has no alias ${alias} (it has ${aliases.size === 0 ? 'none' : [...aliases.keys()].join(', ')}); give --candidate-version, or set the alias`,
      );
    return { version, aliases: await this.#aliasesOf(model_name, version) };
  }

  /** Alias to version. */
  async #aliases(model_name: string): Promise<Map<string, string> | null> {
    const schema = v.object({
      registered_model: v.object({
        aliases: v.optional(
          v.array(
            v.object({
              alias: v.string(),
              version: v.union([v.string(), v.pipe(v.number(), v.transform(String))]),
            }),
          ),
          [],
        ),
      }),
    });
    const found = await missing(this.#read(schema, '/registered-models/get', { name: model_name }));
    return found === null
      ? null
      : new Map(found.registered_model.aliases.map(({ alias, version }) => [alias, version]));
  }

  async #assertModel(model_name: string): Promise<Map<string, string>> {
    const aliases = await this.#aliases(model_name);
    if (aliases !== null) return aliases;
    const known = await this.#models();
    throw new UsageError(
      `MLflow at ${this.shown_url} has no registered model "${model_name}" (${known.length === 0 ? 'it has none' : `it has ${known.join(', ')}`}); correct --model-name, or register it`,
    );
  }

  async #models(): Promise<string[]> {
    const schema = v.object({ registered_models: v.optional(v.array(v.object({ name: v.string() })), []) });
    const answer = await this.#read(schema, '/registered-models/search', { max_results: '20' });
    return answer.registered_models.map(({ name }) => shownText(name));
  }

  async #aliasesOf(model_name: string, version: string): Promise<string[]> {
    const aliases = (await this.#aliases(model_name)) ?? new Map<string, string>();
    return [...aliases].flatMap(([alias, at]) => (at === version ? [alias] : []));
  }

  async registerModel(name: string): Promise<void> {
    await this.#write(v.unknown(), '/registered-models/create', { name }).catch((error: unknown) => {
      if (codeOf(error) !== 'RESOURCE_ALREADY_EXISTS') throw error;
    });
  }

  async registerVersion(name: string, source: string): Promise<string> {
    const schema = v.object({ model_version: versionSchema });
    return (await this.#write(schema, '/model-versions/create', { name, source })).model_version.version;
  }

  async setAlias(name: string, alias: string, version: string): Promise<void> {
    await this.#write(v.unknown(), '/registered-models/alias', { name, alias, version });
  }

  async deleteAlias(name: string, alias: string): Promise<void> {
    await this.#write(v.unknown(), '/registered-models/alias', { name, alias }, { method: 'DELETE' });
  }

  /**
   * Puts the decision's alias on a version, never both on one: the other is taken off it first, where it stands on this
   * version (on another version it is that version's own). Where two gates decide one version at once, `failed` stands.
   * Returns the decision whose alias stands.
   */
  async mark(
    model_name: string,
    version: string,
    decision: keyof typeof ALIASES,
  ): Promise<keyof typeof ALIASES> {
    const [own, other] =
      decision === 'passed' ? [ALIASES.passed, ALIASES.failed] : [ALIASES.failed, ALIASES.passed];
    const current = async (): Promise<string[]> => await this.#aliasesOf(model_name, version);
    if ((await current()).includes(other)) await this.deleteAlias(model_name, other);
    await this.setAlias(model_name, own, version);
    for (let attempt = 0; attempt < MARK_ATTEMPTS; attempt += 1) {
      const now = await current();
      if (now.includes(own) && !now.includes(other)) return decision;
      if (decision === 'passed') {
        if (now.includes(own)) await this.deleteAlias(model_name, own);
        return 'failed';
      }
      if (!now.includes(own)) await this.setAlias(model_name, own, version);
      if (now.includes(other)) await this.deleteAlias(model_name, other);
    }
    return 'failed';
  }
}

const codeOf = (error: unknown): string | null => (error instanceof ServiceFailure ? error.code : null);

/** MLflow's database refuses the same row from two writers at once; written again it is simply there. */
async function rewriting(write: () => Promise<unknown>): Promise<unknown> {
  try {
    return await write();
  } catch (error) {
    const collided = error instanceof ServiceFailure && /IntegrityError|UniqueViolation/.test(error.message);
    if (!collided) throw error;
    return await write();
  }
}

/** Null for what MLflow does not have. */
async function missing<T>(of: Promise<T>): Promise<T | null> {
  try {
    return await of;
  } catch (error) {
    if (codeOf(error) === 'RESOURCE_DOES_NOT_EXIST') return null;
    throw error;
  }
}
