import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import * as v from 'valibot';
import type { Variant } from './common.ts';
import { type Fault, FaultPlan, type FaultRules, type ServerFault, type TransportFault } from './faults.ts';
import { httpMetrics, openRegistry } from './metrics.ts';
import { WorkerPool } from './pool.ts';
import type { Host, Running } from './process.ts';
import { answer, answerWithFault } from './respond.ts';
import { sleep } from './sleep.ts';
import { Wear } from './wear.ts';

/** What is wrong with a request, before the server's own wording. */
export interface Problem {
  readonly kind:
    | 'malformed_json'
    | 'invalid_body'
    | 'unsupported_media_type'
    | 'too_large'
    | 'not_found'
    | 'method_not_allowed'
    | 'internal';
  readonly status: number;
  readonly message: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content_type?: string;
  /** An object becomes JSON; text goes out as it is. */
  readonly body: object | string;
}

/** One request, as a handler sees it. */
export interface Work<K extends string> {
  /** From 0, for each path. */
  readonly index: number;
  /** The fault that meets it, to be handled where it is one of the server's own; null mostly. */
  readonly fault: Fault<K | TransportFault | ServerFault> | null;
  /** Of the request's `traceparent`, else fresh: 32 hexadecimal digits. */
  readonly trace_id: string;
  readonly headers: IncomingHttpHeaders;
  /** What faults multiply its times by, and what `slow` adds to them: for a server that keeps time by itself. */
  readonly slowdown: number;
  readonly extra_ms: number;
  /** Whether the client has gone: nobody reads what would still be written. */
  readonly gone: () => boolean;
  /** Waits for a worker and holds it for `service_ms` (and what faults add); resolves to the time really held, in ms. */
  readonly serve: (service_ms: number) => Promise<number>;
  /** Takes the response over, to stream it; the handler ends it and returns null. */
  readonly takeOver: () => ServerResponse;
}

export interface ServerOptions<K extends string> {
  readonly server: string;
  readonly variant: Variant;
  readonly port: number;
  readonly seed: number;
  readonly workers: number;
  readonly fault: readonly string[];
  readonly fault_path: readonly string[];
  /** The transport's, the server's and its own body faults. */
  readonly fault_rules: FaultRules<K | TransportFault | ServerFault>;
  readonly host: Host;
  /** Of the HTTP series, `http_` by default; null leaves them out. */
  readonly metrics_prefix?: string | null;
  /** The wording of errors; `{"error": message}` by default. */
  readonly wordProblem?: (problem: Problem) => Answer;
  /** Asked before a request's body is read: an answer here is the request's, null lets it pass. */
  readonly refuse?: (path: string, headers: IncomingHttpHeaders) => Answer | null;
}

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** The trace id of a W3C traceparent header, or a fresh one where there is none that is valid. */
function traceIdOf(header: string | string[] | undefined): string {
  const given = typeof header === 'string' ? TRACEPARENT.exec(header)?.[1] : undefined;
  return given ?? randomBytes(16).toString('hex');
}

const bodyProblems = new Map<string, Pick<Problem, 'kind' | 'status'>>([
  ['FST_ERR_CTP_INVALID_JSON_BODY', { kind: 'malformed_json', status: 400 }],
  ['FST_ERR_CTP_EMPTY_JSON_BODY', { kind: 'malformed_json', status: 400 }],
  ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', { kind: 'malformed_json', status: 400 }],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', { kind: 'unsupported_media_type', status: 415 }],
  ['FST_ERR_CTP_BODY_TOO_LARGE', { kind: 'too_large', status: 413 }],
]);

function problemOf(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return { ...(bodyProblems.get(code) ?? { kind: 'internal', status: 500 }), message };
}

/** The first issue, as `field: what is expected`. */
function invalidBody(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): Problem {
  const [issue] = issues;
  const field = v.getDotPath(issue);
  return {
    kind: 'invalid_body',
    status: 422,
    message: field === null ? issue.message : `${field}: ${issue.message}`,
  };
}

const plainProblem = ({ status, message }: Problem): Answer => ({ status, body: { error: message } });

/** A JSON server with workers, metrics, faults and `/health`; a server adds its routes, then listens. */
export class StandIn<K extends string> {
  readonly registry: Registry;
  readonly pool: WorkerPool;
  readonly #options: ServerOptions<K>;
  readonly #app: FastifyInstance;
  readonly #faults: FaultPlan<K | TransportFault | ServerFault>;
  readonly #wear: Wear;
  readonly #wordProblem: (problem: Problem) => Answer;
  readonly #http: ReturnType<typeof httpMetrics> | null;
  readonly #methods = new Map<string, string>();
  #in_flight = 0;

  /** @throws {UsageError} at a bad fault */
  constructor(options: ServerOptions<K>) {
    this.#options = options;
    this.#faults = new FaultPlan(options.fault, options.fault_rules, options.seed);
    this.#wear = new Wear((kind) => this.#faults.whole(kind), options.host);
    this.#wordProblem = options.wordProblem ?? plainProblem;
    this.pool = new WorkerPool(options.workers);
    this.registry = openRegistry(options.server, options.variant);
    const prefix = options.metrics_prefix === undefined ? 'http_' : options.metrics_prefix;
    const load = {
      in_flight: () => this.#in_flight,
      depth: () => this.pool.depth,
      busy: () => this.pool.busy,
    };
    this.#http = prefix === null ? null : httpMetrics(this.registry, prefix, load);
    this.#app = fastify({ logger: false, forceCloseConnections: true, keepAliveTimeout: 60_000 });
    this.#app.setErrorHandler((error, _request, reply) => {
      const problem = problemOf(error);
      if (problem.kind === 'internal') options.host.log(`${options.server}: ${problem.message}`);
      return answer(reply, this.#wordProblem(problem));
    });
    this.#app.setNotFoundHandler((request, reply) => {
      const path = pathOf(request);
      const allowed = this.#methods.get(path);
      const problem: Problem =
        allowed === undefined
          ? { kind: 'not_found', status: 404, message: `no ${path} here` }
          : { kind: 'method_not_allowed', status: 405, message: `${path} takes ${allowed}` };
      return answer(reply, this.#wordProblem(problem));
    });
    this.#app.addHook('onRequest', async (request, reply) => {
      this.#count(request, reply);
      const id = request.headers['x-request-id'];
      if (id !== undefined) reply.raw.setHeader('x-request-id', id);
      const refused = options.refuse?.(pathOf(request), request.headers) ?? null;
      return refused === null ? undefined : answer(reply, refused);
    });
    this.#app.get('/metrics', async (_request, reply) => {
      if (this.#wear.metrics_vanished)
        return answer(
          reply,
          this.#wordProblem({ kind: 'not_found', status: 404, message: 'no /metrics here' }),
        );
      return reply.type(this.registry.contentType).send(await this.registry.metrics());
    });
    this.#methods.set('/metrics', 'GET');
  }

  /** Requests read and not yet answered. */
  get in_flight(): number {
    return this.#in_flight;
  }

  /** `GET /health`: `health()` gives what its JSON says. */
  health(health: () => object): void {
    this.#route('GET', '/health', v.unknown(), async () => {
      await sleep(this.#wear.health_delay_ms);
      return { body: health() };
    });
  }

  /** `POST path` with a JSON body of this shape. */
  post<S extends v.GenericSchema>(
    path: string,
    shape: S,
    handle: (body: v.InferOutput<S>, work: Work<K>) => Promise<Answer | null>,
  ): void {
    this.#route('POST', path, shape, handle);
  }

  /** `GET path`. */
  get(path: string, handle: (work: Work<K>) => Promise<Answer | null>): void {
    this.#route('GET', path, v.unknown(), (_body, work) => handle(work));
  }

  /** Rejects where the port is taken. */
  async listen(): Promise<Running> {
    const url = await this.#app.listen({ host: '127.0.0.1', port: this.#options.port });
    return { url, close: () => this.#app.close() };
  }

  #route<S extends v.GenericSchema>(
    method: 'GET' | 'POST',
    path: string,
    shape: S,
    handle: (body: v.InferOutput<S>, work: Work<K>) => Promise<Answer | null>,
  ): void {
    const { fault_path } = this.#options;
    const strikes = fault_path.length === 0 ? method === 'POST' : fault_path.includes(path);
    let next_index = 0;
    this.#methods.set(path, method);
    this.#app.route({
      method,
      url: path,
      handler: async (request, reply) => {
        const body = v.safeParse(shape, request.body);
        if (!body.success) return answer(reply, this.#wordProblem(invalidBody(body.issues)));
        const index = next_index++;
        const fault = strikes ? this.#faults.at(path, index) : null;
        if (strikes && !this.#wear.admit(this.#in_flight, fault)) return reply.hijack();
        const trace_id = traceIdOf(request.headers['traceparent']);
        if (fault?.kind === 'hang') return reply.hijack();
        if (fault?.kind === 'rate_limit') return answerWithFault(reply, { body: {} }, fault);
        const extra_ms = fault?.kind === 'slow' ? fault.arg : 0;
        const slowdown = strikes ? this.#wear.factor : 1;
        const serve = (service_ms: number) =>
          this.pool.run(() => sleep(service_ms * (strikes ? this.#wear.factor : 1) + extra_ms));
        const { headers } = request;
        const gone = () => reply.raw.destroyed;
        const takeOver = () => {
          reply.hijack();
          return reply.raw;
        };
        const work = { index, fault, trace_id, headers, slowdown, extra_ms, gone, serve, takeOver };
        const answered = await handle(body.output, work);
        if (answered === null) return reply;
        return fault === null ? answer(reply, answered) : answerWithFault(reply, answered, fault);
      },
    });
  }

  /** In flight from here to the end of the answer or of the connection, whichever comes first. */
  #count(request: FastifyRequest, reply: FastifyReply): void {
    const path = pathOf(request);
    if (path === '/metrics') return;
    const started = performance.now();
    this.#in_flight++;
    reply.raw.once('close', () => {
      this.#in_flight--;
      const status = reply.raw.writableFinished ? String(reply.raw.statusCode) : 'aborted';
      this.#http?.observe(this.#methods.has(path) ? path : 'other', status, performance.now() - started);
    });
  }
}

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? '';
