/** k6's objects for the suite's own metrics, made once from the one table. */
import { Counter, Rate, Trend } from 'k6/metrics';
import type { Phase, Variant } from '../domain/variants.ts';

export const requestDuration = new Trend('request_duration', true);
export const requestFailed = new Rate('request_failed');
export const requestCost = new Trend('request_cost_eur');
export const requestsStarted = new Counter('requests_started');
export const requestsFinished = new Counter('requests_finished');
export const probeDuration = new Trend('probe_duration', true);

/** Few and reused: every distinct tag set is a time series that k6 keeps. */
export type Tags = { readonly variant: Variant; readonly phase: Phase };
