/** One measured request to a language model: send, wait without blocking, judge, count, record. */
import type { Result } from 'k6/x/stream';
import type { Prompt } from '../../domain/load/prompt.ts';
import type { PayloadSequence } from '../payloads.ts';
import { listMember, type RequestPart, type ResponsePart } from '../../domain/record/write-record.ts';
import { meetsSlo, type Slo } from '../../domain/figures/slo.ts';
import type { ModelEndpoint, ModelReading } from '../endpoints/language-model.ts';
import * as metrics from '../metrics.ts';
import { canonicalHeader } from './exchange.ts';
import { detail, measuredStep, orNull, type StepContext } from './measured.ts';

export interface StreamExchange extends StepContext {
  readonly endpoint: ModelEndpoint;
  /** The prompt of the request with this index. */
  readonly prompts: Pick<PayloadSequence<Prompt>, 'at' | 'isScored'>;
  readonly slo: Slo | null;
  readonly trace_header: string;
}

/** k6 keeps every sample: of a long answer it gets at most this many gaps, evenly taken. */
const SAMPLED_GAPS = 8;

/** The times of an answer from when its request was to start. */
function fromSchedule(reading: ModelReading, late_ms: number): ModelReading {
  if (late_ms === 0) return reading;
  const later = (time_ms: number | null): number | null => (time_ms === null ? null : time_ms + late_ms);
  const { ttft_ms, answer_ttft_ms, e2e_ms } = reading;
  return {
    ...reading,
    ttft_ms: later(ttft_ms),
    answer_ttft_ms: later(answer_ttft_ms),
    e2e_ms: later(e2e_ms),
  };
}

function countTimes(result: Result, reading: ModelReading, tags: metrics.Tags): void {
  const { ttft_ms, answer_ttft_ms, tpot_ms, e2e_ms, tokens } = reading;
  if (ttft_ms !== null) metrics.ttft.add(ttft_ms, tags);
  if (answer_ttft_ms !== null) metrics.answerTtft.add(answer_ttft_ms, tags);
  if (tpot_ms !== null) metrics.tpot.add(tpot_ms, tags);
  if (e2e_ms !== null) metrics.e2e.add(e2e_ms, tags);
  if (tokens !== null) metrics.outputTokens.add(tokens, tags);
  if (tokens !== null && e2e_ms !== null && e2e_ms > 0)
    metrics.tokensPerSecond.add((1000 * tokens) / e2e_ms, tags);
  const gaps = result.itl_ms;
  const step = Math.max(1, gaps.length / SAMPLED_GAPS);
  for (let at = 0; at < gaps.length; at += step) metrics.itl.add(gaps[Math.floor(at)] ?? 0, tags);
}

/** 53 bits of a text, by FNV-1a in two halves (Fowler, Noll, Vo), so that a log need not hold every id. */
function keyOf(text: string): number {
  let [low, high] = [0x811c9dc5, 0x1000193];
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x1000193);
    high = Math.imul(high ^ code ^ (low >>> 24), 0x1000193);
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

/** The record's fields that only a language model's answer has: always the same ones, so that a log has few layouts of lines. */
function answerPart(result: Result, reading: ModelReading): RequestPart {
  const { ttft_ms, tpot_ms, e2e_ms, tokens, tokens_estimated, prompt_tokens, cached_tokens } = reading;
  const { answer_id, gateway, oddities } = reading;
  const { first_token_ms: first, last_token_ms: last, token_events } = result;
  const itl_ms =
    first === null || last === null || token_events < 2 ? null : (last - first) / (token_events - 1);
  return {
    ttft_ms,
    tpot_ms,
    itl_ms,
    e2e_ms,
    tokens,
    tokens_estimated: tokens === null ? null : tokens_estimated,
    prompt_tokens,
    cached_tokens,
    finish: reading.finish,
    model: reading.model,
    answer_key: answer_id === null ? null : keyOf(answer_id),
    answer_ttft_ms: reading.answer_ttft_ms,
    hidden_tokens: reading.hidden_tokens,
    token_events,
    token_reads: result.token_reads,
    first_read_events: result.first_read_events,
    sends: result.sends,
    gateway: gateway.length === 0 ? null : gateway.join(','),
    oddities: oddities.length === 0 ? null : oddities.join(','),
  };
}

/** The fields that Go writes of a response of k6/http. */
const responsePart = (result: Result, answer_sha256: string | null): ResponsePart => ({
  duration_ms: result.end_ms,
  waiting_ms: result.waiting_ms,
  connecting_ms: result.connecting_ms,
  tls_ms: result.tls_ms,
  status: result.status,
  remote_address: result.remote_address,
  proto: result.proto,
  answer_sha256,
});

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
    const { text } = reading;
    const kept = text !== null && error === null && of.prompts.isScored(begun.index);
    const answer_sha256 = kept ? log.answer(text) : result.text_sha256;
    const cost = endpoint.cost(prompt, reading);
    if (cost !== null) metrics.requestCost.add(cost.cost, begun.tags);
    const part = step.record(begun, result.t0_ms, {
      payload_id: prompt.id,
      ...responsePart(result, answer_sha256),
      connection: result.connection,
      error,
      error_detail: error === null ? undefined : orNull(detail(reading.error_detail)),
      trace_id: orNull(result.headers[traceHeader]),
      stages_ms: reading.stages_ms,
      cost_eur: cost?.cost,
      cost_estimated: cost?.estimated,
      ...answerPart(result, reading),
    });
    log.write(`{${part},${listMember('gaps_ms', result.itl_json)}}`);
    step.end(begun, error, cost?.cost ?? null);
  };
}
