/** One measured request: send, judge, count, record. The loop body of every scenario whose answers come whole. */
import { transportError, type ErrorKind } from '../../domain/record/errors.ts';
import { EMPTY_READING, type Endpoint, type Reading } from '../endpoints/endpoint.ts';
import { requestCost, requestCostMean } from '../metrics.ts';
import type { TextResponse } from '../request-log.ts';
import { detail, measuredStep, orNull, type StepContext } from './measured.ts';

/** What to ask with the request of this index. */
export interface Source<Asked> {
  at(index: number): { readonly id: string; readonly asked: Asked; readonly scored: boolean };
}

export interface Exchange<Asked> extends StepContext {
  readonly endpoint: Endpoint<Asked>;
  readonly source: Source<Asked>;
  readonly trace_header: string;
}

function judge<Asked>(
  endpoint: Endpoint<Asked>,
  response: TextResponse,
  asked: Asked,
  scored: boolean,
): Reading {
  const failed = (error: ErrorKind, what: string | null): Reading => ({
    ...EMPTY_READING,
    error,
    error_detail: detail(what),
  });
  const transport = transportError(response.error_code, response.error);
  if (transport !== null) return failed(transport, response.error);
  if (response.status < 200 || response.status > 299) return failed('status', response.body);
  return endpoint.read(response, asked, scored);
}

/** Returns the iteration function of one variant. */
export function exchange<Asked>(of: Exchange<Asked>): () => void {
  const { endpoint, log } = of;
  const step = measuredStep(of);
  const traceHeader = canonicalHeader(of.trace_header);
  let costed = 0;
  let mean_eur = 0;

  return () => {
    const begun = step.begin();
    if (begun === null) return;
    const { id, asked, scored } = of.source.at(begun.index);
    const response = endpoint.send(asked, begun.traceparent);
    const reading = judge(endpoint, response, asked, scored);
    const { error, cost_eur } = reading;
    step.count(begun, error, response.timings.duration + step.late(begun, begun.start_ms));
    if (cost_eur !== null) {
      requestCost.add(cost_eur, begun.tags);
      costed += 1;
      mean_eur += (cost_eur - mean_eur) / costed;
      requestCostMean.add(1e6 * mean_eur, begun.tags);
    }
    const part = step.record(begun, begun.start_ms, {
      payload_id: id,
      error,
      error_detail: error === null ? undefined : orNull(reading.error_detail),
      cost_eur,
      trace_id: orNull(response.headers[traceHeader]),
      stages_ms: reading.stages_ms,
      correct: reading.correct,
      correct_translation: reading.correct_translation,
      tokens: reading.tokens ?? undefined,
    });
    log.record(response, part, scored && error === null);
    step.end(begun, error, cost_eur);
  };
}

/** k6 gives response headers in Go's canonical case: `x-trace-id` arrives as `X-Trace-Id`. */
export function canonicalHeader(name: string): string {
  return name
    .toLowerCase()
    .replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}
