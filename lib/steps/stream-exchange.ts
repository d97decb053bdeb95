/** One measured request to a language model: send, wait without blocking, judge, count, record. */
import type { Result } from 'k6/x/stream';
import type { Prompt } from '../../domain/load/prompt.ts';
import { meetsSlo, type Slo } from '../../domain/figures/slo.ts';
import type { ModelEndpoint, ModelReading } from '../endpoints/language-model.ts';
import * as metrics from '../metrics.ts';
import { canonicalHeader } from './exchange.ts';
import { detail, failureMembers, jsonOrNull, measuredStep, type StepContext } from './measured.ts';

export interface StreamExchange extends StepContext {
  readonly endpoint: ModelEndpoint;
  /** The prompt of the request with this index. */
  readonly prompts: { at(index: number): Prompt };
  readonly slo: Slo | null;
  readonly trace_header: string;
}

/** k6 keeps every sample: of a long answer it gets at most this many gaps, evenly taken. */
const SAMPLED_GAPS = 8;

/** The times of an answer from when its request was to start. */
function fromSchedule(reading: ModelReading, late_ms: number): ModelReading {
  if (late_ms === 0) return reading;
  const { ttft_ms, e2e_ms } = reading;
  return {
    ...reading,
    ttft_ms: ttft_ms === null ? null : ttft_ms + late_ms,
    e2e_ms: e2e_ms === null ? null : e2e_ms + late_ms,
  };
}

function countTimes(result: Result, reading: ModelReading, tags: metrics.Tags): void {
  const { ttft_ms, tpot_ms, e2e_ms, tokens } = reading;
  if (ttft_ms !== null) metrics.ttft.add(ttft_ms, tags);
  if (tpot_ms !== null) metrics.tpot.add(tpot_ms, tags);
  if (e2e_ms !== null) metrics.e2e.add(e2e_ms, tags);
  if (tokens !== null) metrics.outputTokens.add(tokens, tags);
  if (tokens !== null && e2e_ms !== null && e2e_ms > 0)
    metrics.tokensPerSecond.add((1000 * tokens) / e2e_ms, tags);
  const gaps = result.itl_ms;
  const step = Math.max(1, gaps.length / SAMPLED_GAPS);
  for (let at = 0; at < gaps.length; at += step) metrics.itl.add(gaps[Math.floor(at)] ?? 0, tags);
}

/** The record's members that only a language model's answer has. */
function members(result: Result, reading: ModelReading): string {
  const { ttft_ms, tpot_ms, e2e_ms, tokens, tokens_estimated, prompt_tokens, cached_tokens } = reading;
  const { first_token_ms: first, last_token_ms: last, token_events } = result;
  const itl_ms =
    first === null || last === null || token_events < 2 ? null : (last - first) / (token_events - 1);
  return `"ttft_ms":${ttft_ms},"tpot_ms":${tpot_ms},"itl_ms":${itl_ms},"gaps_ms":${result.itl_json},"e2e_ms":${e2e_ms},"tokens":${tokens},"tokens_estimated":${tokens === null ? null : tokens_estimated},"prompt_tokens":${prompt_tokens},"cached_tokens":${cached_tokens}`;
}

/** Returns the iteration function of one variant. */
export function streamExchange(of: StreamExchange): () => Promise<void> {
  const { endpoint, slo, log } = of;
  const step = measuredStep(of);
  const traceHeader = canonicalHeader(of.trace_header);
  return async () => {
    const begun = step.begin();
    if (begun === null) return;
    const prompt = of.prompts.at(begun.index);
    const result = await endpoint.send(prompt, begun.index, begun.traceparent);
    const reading = endpoint.read(result);
    const { error } = reading;
    const late_ms = step.late(begun, result.t0_ms);
    step.count(begun, error, result.end_ms + late_ms);
    const scheduled = fromSchedule(reading, late_ms);
    if (error === null) countTimes(result, scheduled, begun.tags);
    if (slo !== null) metrics.goodput.add(error === null && meetsSlo(slo, scheduled), begun.tags);
    const head = step.head(begun, prompt.id, result.t0_ms);
    const answer = of.keep_answers ? `,"answer":${jsonOrNull(reading.text)}` : '';
    log.write(
      `{${head},"duration_ms":${result.end_ms},"waiting_ms":${result.waiting_ms},"connecting_ms":${result.connecting_ms},"tls_ms":${result.tls_ms},"status":${result.status},${failureMembers(
        error,
        detail(reading.error_detail),
      )},"trace_id":${jsonOrNull(result.headers[traceHeader])},"traceparent":"${begun.traceparent}","stages_ms":${
        reading.stages_ms === null ? 'null' : JSON.stringify(reading.stages_ms)
      },"answer_sha256":${jsonOrNull(result.text_sha256)}${answer},${members(result, reading)}}`,
    );
    step.end(begun, error, null);
  };
}
