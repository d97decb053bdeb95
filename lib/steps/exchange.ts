/** One measured request: send, judge, count, record. The loop body of every closed-load scenario. */
import { scenario } from 'k6/execution';
import { transportError, type ErrorKind } from '../../domain/errors.ts';
import type { Phase, Variant } from '../../domain/variants.ts';
import { iterationIndex, traceparent } from '../extensions.ts';
import { EMPTY_READING, type Endpoint, type Reading } from '../endpoints/endpoint.ts';
import {
  requestCost,
  requestCostMean,
  requestDuration,
  requestFailed,
  requestsFinished,
  requestsStarted,
  type Tags,
} from '../metrics.ts';
import type { RequestLog, TextResponse } from '../request-log.ts';
import type { RunControl } from '../run-control.ts';

/** What to ask with the request of this index. */
export interface Source<Asked> {
  at(index: number): { readonly id: string; readonly asked: Asked; readonly scored: boolean };
}

export interface Exchange<Asked> {
  readonly variant: Variant;
  readonly scenario_name: string;
  readonly block: number;
  readonly warm_up_ms: number;
  readonly endpoint: Endpoint<Asked>;
  readonly source: Source<Asked>;
  readonly log: RequestLog;
  readonly control: RunControl;
  readonly keep_answers: boolean;
  readonly trace_header: string;
}

const DETAIL_LENGTH = 200;

function judge<Asked>(
  endpoint: Endpoint<Asked>,
  response: TextResponse,
  asked: Asked,
  scored: boolean,
): Reading {
  const failed = (error: ErrorKind, detail: string): Reading => ({
    ...EMPTY_READING,
    error,
    error_detail: detail.slice(0, DETAIL_LENGTH),
  });
  const transport = transportError(response.error_code, response.error);
  if (transport !== null) return failed(transport, response.error);
  if (response.status < 200 || response.status > 299) return failed('status', response.body ?? '');
  return endpoint.read(response, asked, scored);
}

const jsonOrNull = (text: string | null | undefined): string =>
  text === null || text === undefined || text === '' ? 'null' : JSON.stringify(text);

/** Returns the iteration function of one variant. */
export function exchange<Asked>(of: Exchange<Asked>): () => void {
  const { variant, endpoint, log, control } = of;
  const tags: Readonly<Record<Phase, Tags>> = {
    warmup: { variant, phase: 'warmup' },
    measured: { variant, phase: 'measured' },
  };
  const head = `"variant":"${variant}","scenario":${JSON.stringify(of.scenario_name)},"block":${of.block}`;
  const traceHeader = canonicalHeader(of.trace_header);
  let measured_from_ms: number | null = null;
  let costed = 0;
  let mean_eur = 0;

  return () => {
    if (!control.mayStart()) return;
    measured_from_ms ??= scenario.startTime + of.warm_up_ms;
    const index = iterationIndex();
    const { id, asked, scored } = of.source.at(index);
    const parent = traceparent();
    const start_ms = Date.now();
    const phase: Phase = start_ms < measured_from_ms ? 'warmup' : 'measured';
    const tagged = tags[phase];
    requestsStarted.add(1, tagged);
    const response = endpoint.send(asked, parent);
    const reading = judge(endpoint, response, asked, scored);
    const ok = reading.error === null;
    if (ok) requestDuration.add(response.timings.duration, tagged);
    requestFailed.add(!ok, tagged);
    if (reading.cost_eur !== null) {
      requestCost.add(reading.cost_eur, tagged);
      costed += 1;
      mean_eur += (reading.cost_eur - mean_eur) / costed;
      requestCostMean.add(1e6 * mean_eur, tagged);
    }
    let fixed = `${head},"index":${index},"payload_id":${JSON.stringify(id)},"phase":"${phase}","start_ms":${start_ms},"error":${
      ok ? 'null' : `"${reading.error}","error_detail":${jsonOrNull(reading.error_detail)}`
    },"cost_eur":${reading.cost_eur},"trace_id":${jsonOrNull(response.headers[traceHeader])},"traceparent":"${parent}","stages_ms":${
      reading.stages_ms === null ? 'null' : JSON.stringify(reading.stages_ms)
    },"correct":${reading.correct},"correct_translation":${reading.correct_translation}`;
    if (reading.tokens !== null) fixed += `,"tokens":${reading.tokens}`;
    if (of.keep_answers) fixed += `,"answer":${jsonOrNull(response.body)}`;
    log.record(response, fixed);
    requestsFinished.add(1, tagged);
    control.finished(reading.error, reading.cost_eur);
  };
}

/** k6 gives response headers in Go's canonical case: `x-trace-id` arrives as `X-Trace-Id`. */
function canonicalHeader(name: string): string {
  return name
    .toLowerCase()
    .replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}
