import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Registry } from 'prom-client';
import * as v from 'valibot';
import type { Variant } from './common.ts';
import { type Fault, FaultPlan, type FaultRules, type ServerFault, type TransportFault } from './faults.ts';
import { BadValue } from '../../domain/text/units.ts';
import { commonMetrics } from './metrics.ts';
import { WorkerPool } from './pool.ts';
import type { Host, Running } from './process.ts';
import { type Answer, answer, answerWithFault } from './respond.ts';
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
  /** Waits for a worker and holds it while `task` runs; `slowdown` is what faults multiply its times by. */
  readonly occupy: <T>(task: (slowdown: number) => Promise<T>) => Promise<T>;
  /** Takes the response over, to stream it; the handler ends it and returns null. */
  readonly takeOver: () => ServerResponse;
}

/** Answers one request; null where it has taken the response over. */
export type Handler<S extends v.GenericSchema, K extends string> = (
  body: v.InferOutput<S>,
  work: Work<K>,
) => Promise<Answer | null>;

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
  /** Leaves the process, HTTP and queue series out: `/metrics` has what the server itself registers. */
  readonly own_metrics_only?: boolean;
  /** The wording of errors; `{"error": message}` by default. */
  readonly wordProblem?: (problem: Problem) => Answer;
  /** Asked before a request's body is read: an answer here is the request's, null lets it pass. */
  readonly refuse?: (path: string, headers: IncomingHttpHeaders) => Answer | null;
}

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** The trace id of a W3C traceparent header, or a fresh one where there is none that is valid. */
function traceIdOf(header: string | string[] | undefined): string {
  const given = typeof header === 'string' ? TRACEPARENT.exec(header)?.[1] : undefined;
  return given ?? randomUUID().replaceAll('-', '');
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

const notFound = (path: string): Problem => ({ kind: 'not_found', status: 404, message: `no ${path} here` });

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
  readonly #http: ReturnType<typeof commonMetrics> | null;
  readonly #methods = new Map<string, string>();
  #in_flight = 0;

  /** @throws {BadValue} at a bad fault */
  constructor(options: ServerOptions<K>) {
    this.#options = options;
    this.#faults = new FaultPlan(options.fault, options.fault_rules, options.seed);
    this.#wear = new Wear((kind) => this.#faults.whole(kind), options.host);
    this.#wordProblem = options.wordProblem ?? plainProblem;
    this.pool = new WorkerPool(options.workers);
    this.registry = new Registry();
    this.registry.setDefaultLabels({ server: options.server, variant: options.variant });
    const load = {
      in_flight: () => this.#in_flight,
      depth: () => this.pool.depth,
      busy: () => this.pool.busy,
    };
    this.#http = options.own_metrics_only === true ? null : commonMetrics(this.registry, load);
    this.#app = fastify({ logger: false, forceCloseConnections: true, keepAliveTimeout: 60_000 });
    // Else Fastify takes a text for a body.
    this.#app.removeContentTypeParser('text/plain');
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
          ? notFound(path)
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
      if (this.#wear.metrics_vanished) return answer(reply, this.#wordProblem(notFound('/metrics')));
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
    this.get('/health', async () => {
      await sleep(this.#wear.health_delay_ms);
      return { body: health() };
    });
  }

  get(path: string, handle: (work: Work<K>) => Promise<Answer | null>): void {
    this.#route('GET', path, v.unknown(), (_body, work) => handle(work));
  }

  /** `POST path` with a JSON body of this shape; another body is an `invalid_body`. */
  post<S extends v.GenericSchema>(path: string, shape: S, handle: Handler<S, K>): void {
    this.#route('POST', path, shape, handle);
  }

  /**
   * Rejects where the port is taken.
   * @throws {BadValue} where faults are to strike at a path that isn't served
   */
  async listen(): Promise<Running> {
    const paths = [...this.#methods.keys()].filter((path) => path !== '/metrics');
    const stray = this.#options.fault_path.find((path) => !paths.includes(path));
    if (stray !== undefined)
      throw new BadValue(`--fault-path '${stray}': no such path; valid: ${paths.join(', ')}`);
    const url = await this.#app.listen({ host: '127.0.0.1', port: this.#options.port });
    return { url, close: () => this.#app.close() };
  }

  #route<S extends v.GenericSchema>(
    method: 'GET' | 'POST',
    url: string,
    shape: S,
    handle: Handler<S, K>,
  ): void {
    const { fault_path } = this.#options;
    const strikes = fault_path.length === 0 ? method === 'POST' : fault_path.includes(url);
    let next_index = 0;
    this.#methods.set(url, method);
    const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const body = v.safeParse(shape, request.body);
      if (!body.success) return answer(reply, this.#wordProblem(invalidBody(body.issues)));
      const index = next_index++;
      const fault = strikes ? this.#faults.at(url, index) : null;
      if (strikes && !this.#wear.admit(this.#in_flight, fault)) return reply.hijack();
      if (fault?.kind === 'hang') return reply.hijack();
      if (fault?.kind === 'rate_limit') return answerWithFault(reply, { body: {} }, fault);
      const answered = await handle(body.output, this.#workOf(request, reply, index, fault, strikes));
      if (answered === null) return reply;
      return fault === null ? answer(reply, answered) : answerWithFault(reply, answered, fault);
    };
    this.#app.route({ method, url, handler });
  }

  #workOf(
    request: FastifyRequest,
    reply: FastifyReply,
    index: number,
    fault: Work<K>['fault'],
    strikes: boolean,
  ): Work<K> {
    const slowdown = () => (strikes ? this.#wear.factor : 1);
    const occupy = <T>(task: (factor: number) => Promise<T>) => this.pool.run(() => task(slowdown()));
    const extra_ms = fault?.kind === 'slow' ? fault.arg : 0;
    return {
      index,
      fault,
      headers: request.headers,
      trace_id: traceIdOf(request.headers['traceparent']),
      occupy,
      slowdown: slowdown(),
      extra_ms,
      gone: () => reply.raw.destroyed,
      serve: (service_ms) => occupy((factor) => sleep(service_ms * factor + extra_ms)),
      takeOver: () => {
        reply.hijack();
        return reply.raw;
      },
    };
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
