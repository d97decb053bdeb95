/** k6's objects for the suite's own metrics, made once from the one table. */
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
import type { Phase, Variant } from '../domain/variants.ts';

export const requestDuration = new Trend('request_duration', true);
export const requestFailed = new Rate('request_failed');
export const requestCost = new Trend('request_cost_eur');
/**
 * For the live dashboard alone, which shows a trend of small numbers as "0/s": a client's mean so far, in millionths of
 * EUR. The report's figures are made from the log.
 */
export const requestCostMean = new Gauge('request_cost_mean_microeur');
export const requestsStarted = new Counter('requests_started');
export const requestsFinished = new Counter('requests_finished');
/** Of streamed answers, valid ones only. */
export const ttft = new Trend('ttft', true);
/** To the first token that is not reasoning. */
export const answerTtft = new Trend('answer_ttft', true);
export const tpot = new Trend('tpot', true);
/** A systematic sample of each answer's gaps; the request log has all of them. */
export const itl = new Trend('itl', true);
export const e2e = new Trend('e2e', true);
export const tokensPerSecond = new Trend('tokens_per_s');
export const outputTokens = new Counter('output_tokens');
/** Of every request sent, where an objective is given. */
export const goodput = new Rate('goodput');
export const probeDuration = new Trend('probe_duration', true);

/** Few and reused: every distinct tag set is a time series that k6 keeps. */
export type Tags = { readonly variant: Variant; readonly phase: Phase };
