/** Every metric of the suite: name, kind, unit, what is better. k6 metrics, thresholds, columns and tables read this. */

export type Unit =
  | 'ms'
  | 'EUR'
  | 'tokens'
  | 'tokens/s'
  | 'requests/s'
  | 'share'
  | 'count'
  | 'bytes'
  | 'clients'
  | 's';
export interface MetricDefinition {
  readonly kind: 'trend' | 'rate' | 'counter';
  readonly unit: Unit;
  readonly better: 'lower' | 'higher' | 'neither';
  /** What a person reads in tables. */
  readonly label: string;
}

export const METRICS = {
  request_duration: { kind: 'trend', unit: 'ms', better: 'lower', label: 'Latency' },
  request_failed: { kind: 'rate', unit: 'share', better: 'lower', label: 'Errors' },
  request_cost_eur: { kind: 'trend', unit: 'EUR', better: 'lower', label: 'Cost' },
  requests_started: { kind: 'counter', unit: 'count', better: 'neither', label: 'Requests started' },
  requests_finished: { kind: 'counter', unit: 'count', better: 'neither', label: 'Requests finished' },
  probe_duration: { kind: 'trend', unit: 'ms', better: 'lower', label: 'Probe' },
  ttft: { kind: 'trend', unit: 'ms', better: 'lower', label: 'TTFT' },
  answer_ttft: { kind: 'trend', unit: 'ms', better: 'lower', label: 'TTFT of the answer' },
  tpot: { kind: 'trend', unit: 'ms', better: 'lower', label: 'TPOT' },
  itl: { kind: 'trend', unit: 'ms', better: 'lower', label: 'ITL' },
  e2e: { kind: 'trend', unit: 'ms', better: 'lower', label: 'E2E' },
  output_tokens: { kind: 'counter', unit: 'tokens', better: 'neither', label: 'Tokens' },
  goodput: { kind: 'rate', unit: 'share', better: 'higher', label: 'Goodput' },
  tokens_per_s: { kind: 'trend', unit: 'tokens/s', better: 'higher', label: 'Tokens/s a request' },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
export type TrendName = {
  [K in MetricName]: (typeof METRICS)[K]['kind'] extends 'trend' ? K : never;
}[MetricName];

export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/** The k6 metrics that a variant's threshold can name, with the tags that both sides use. */
export function submetric(metric: MetricName, variant: string): string {
  return `${metric}{variant:${variant},phase:measured}`;
}
