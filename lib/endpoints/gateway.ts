/** A gateway's programs and probes: how a request is sent, and what its answer says. */
import http, { type Params } from 'k6/http';
import { transportError, type ErrorKind } from '../../domain/record/errors.ts';
import { isFields } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import {
  bareModel,
  namedModel,
  requestInputs,
  type GatewayProgram,
} from '../../domain/jobs/gateway/programs.ts';
import { idsIn } from '../../domain/jobs/gateway/request-id.ts';
import type { GatewayRecord } from '../../domain/jobs/gateway/record.ts';
import type { PhasePlan } from '../../domain/jobs/gateway/plan.ts';
import type { TextResponse } from '../request-log.ts';

/** What an answer says beyond its times; the rest of a {@link GatewayRecord}. */
export type GatewayReading = Pick<
  GatewayRecord,
  'error' | 'error_detail' | 'clean_error' | 'model' | 'echoed_id'
>;

const DETAIL_LENGTH = 200;
const NOTHING: GatewayReading = {
  error: null,
  error_detail: null,
  clean_error: null,
  model: null,
  echoed_id: null,
};

export interface GatewayEndpoint {
  call(program: GatewayProgram, request_id: string): TextResponse;
  /** Inputs that every program must refuse: none. */
  badInput(program: GatewayProgram, request_id: string): TextResponse;
  probe(path: string, name: 'live' | 'ready'): TextResponse;
  readCall(response: TextResponse, program: GatewayProgram, request_id: string): GatewayReading;
  readProbe(response: TextResponse): GatewayReading;
}

const parsed = (body: string | null): unknown => parseJsonText(body ?? '');

function failed(error: ErrorKind, detail: string, clean: boolean | null = null): GatewayReading {
  return { ...NOTHING, error, error_detail: detail.slice(0, DETAIL_LENGTH), clean_error: clean };
}

/** A failure of the transport, or a status outside 2xx; null where there is an answer to read. */
function refusal(response: TextResponse): GatewayReading | null {
  const transport = transportError(response.error_code, response.error);
  if (transport !== null) return failed(transport, response.error);
  if (response.status >= 200 && response.status < 300) return null;
  return failed('status', response.body ?? '', isFields(parsed(response.body)));
}

export function gatewayEndpoint(plan: PhasePlan, headers: Readonly<Record<string, string>>): GatewayEndpoint {
  const models = plan.programs.map(({ model }) => model);
  const params = (name: string, request_id: string | null): Params & { responseType: 'text' } => ({
    headers: {
      ...headers,
      Accept: 'application/json',
      ...(request_id === null ? {} : { 'Content-Type': 'application/json', 'X-Request-Id': request_id }),
    },
    timeout: plan.timeout_ms,
    redirects: 0,
    responseType: 'text',
    tags: { name },
  });
  const post = (program: GatewayProgram, request_id: string, inputs: object): TextResponse =>
    http.post(`${plan.base_url}${program.path}`, JSON.stringify(inputs), params(program.name, request_id));
  return {
    call: (program, request_id) => post(program, request_id, requestInputs(program, request_id)),
    badInput: (program, request_id) => post(program, request_id, {}),
    probe: (path, name) => http.get(`${plan.base_url}${path}`, params(name, null)),
    readCall(response, program, request_id) {
      const refused = refusal(response);
      if (refused !== null) return refused;
      const body = response.body ?? '';
      const answer = parsed(body);
      if (!isFields(answer)) return failed(/<html|<!doctype/i.test(body) ? 'content_type' : 'bad_json', body);
      const missing = program.outputs.find((field) => !(field in answer));
      if (missing !== undefined) return failed('missing_field', `no field ${missing}: ${body}`);
      const ids = idsIn(body, plan.run_key);
      const echoed_id = ids.includes(request_id) ? request_id : (ids[0] ?? null);
      const model = namedModel(program, answer, models);
      const reading = { ...NOTHING, model, echoed_id };
      if (model !== null && model !== bareModel(program.model))
        return {
          ...reading,
          error: 'wrong_answer',
          error_detail: `answered by ${model}, ${program.name} has ${program.model}`,
        };
      return echoed_id !== null && echoed_id !== request_id
        ? { ...reading, error: 'wrong_answer', error_detail: `the answer to ${echoed_id}` }
        : reading;
    },
    readProbe: (response) => refusal(response) ?? NOTHING,
  };
}
