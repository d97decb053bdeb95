/** thresholds/gateway.json: numbers that a scenario's figures must keep; k6's thresholds and the cli's checks both come from it. */
import * as v from 'valibot';
import { BadValue } from '../../text/units.ts';
import type { Check } from '../../verdict/check.ts';
import { judgePoint } from '../../verdict/limits.ts';
import { GATEWAY_SCENARIOS, type GatewayPhase, type GatewayScenario } from './scenarios.ts';

interface FigureDefinition {
  readonly unit: 'share' | 'ms' | 'bytes';
  /** Percentiles are of right answers; a share is of all requests. */
  readonly label: string;
  /** The phase and submetric in which k6 can judge it too; null: the cli alone. */
  readonly k6: { readonly phase: GatewayPhase; readonly metric: string; readonly statistic: string } | null;
}

export const FIGURES = {
  error_rate: {
    unit: 'share',
    label: 'errors',
    k6: { phase: 'main', metric: 'request_failed', statistic: 'rate' },
  },
  duration_p95: {
    unit: 'ms',
    label: 'latency p95',
    k6: { phase: 'main', metric: 'request_duration', statistic: 'p(95)' },
  },
  after_error_rate: {
    unit: 'share',
    label: 'errors after it',
    k6: { phase: 'after', metric: 'request_failed', statistic: 'rate' },
  },
  after_duration_p95: {
    unit: 'ms',
    label: 'latency p95 after it',
    k6: { phase: 'after', metric: 'request_duration', statistic: 'p(95)' },
  },
  live_p95: { unit: 'ms', label: 'live p95 under load', k6: null },
  ready_p95: { unit: 'ms', label: 'ready p95 under load', k6: null },
  memory_growth: { unit: 'bytes', label: 'memory growth', k6: null },
  recovery: { unit: 'ms', label: 'time to recover', k6: null },
} as const satisfies Readonly<Record<string, FigureDefinition>>;

export type FigureName = keyof typeof FIGURES;

const figure_names = Object.keys(FIGURES).filter((name): name is FigureName => name in FIGURES);

const limitSchema = v.strictObject({
  figure: v.picklist(figure_names),
  op: v.picklist(['<', '<=']),
  limit: v.pipe(v.number(), v.finite(), v.minValue(0)),
  /** The limit counts in the LM's delay, not in the figure's own unit. */
  in_lm_delays: v.optional(v.boolean(), false),
});
export type GatewayLimit = v.InferOutput<typeof limitSchema>;

const schema = v.strictObject(
  Object.fromEntries(GATEWAY_SCENARIOS.map((scenario) => [scenario, v.array(limitSchema)])),
);
export type GatewayLimits = Readonly<Record<GatewayScenario, readonly GatewayLimit[]>>;

/** @throws BadValue that names the file and the place */
export function parseGatewayLimits(value: unknown, where: string): GatewayLimits {
  const result = v.safeParse(schema, value);
  if (!result.success) {
    const [issue] = result.issues;
    throw new BadValue(`${where}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
  }
  const of = (scenario: GatewayScenario): readonly GatewayLimit[] => result.output[scenario] ?? [];
  return {
    load: of('load'),
    routing: of('routing'),
    'log-integrity': of('log-integrity'),
    'error-storm': of('error-storm'),
    backpressure: of('backpressure'),
    probes: of('probes'),
  };
}

export const limitValue = ({ limit, in_lm_delays }: GatewayLimit, lm_delay_ms: number): number =>
  in_lm_delays ? limit * lm_delay_ms : limit;

/** k6's `thresholds` of one phase, with the guard that a metric without samples can't pass. */
export function k6GatewayThresholds(
  limits: readonly GatewayLimit[],
  phase: GatewayPhase,
  lm_delay_ms: number,
): Record<string, string[]> {
  const out: Record<string, string[]> = {};
  for (const limit of limits) {
    const { k6 } = FIGURES[limit.figure];
    if (k6 === null || k6.phase !== phase) continue;
    (out[`${k6.metric}{phase:${phase}}`] ??= []).push(
      `${k6.statistic}${limit.op}${limitValue(limit, lm_delay_ms)}`,
    );
    out[`requests_finished{phase:${phase}}`] = ['count>0'];
  }
  return out;
}

export interface Figure {
  readonly value: number | null;
  readonly n: number;
}
export type Figures = Readonly<Partial<Record<FigureName, Figure>>>;

/**
 * The checks of one scenario. A figure that this system can't give has none, and what was not seen is told beside; one
 * that has no data is undecided.
 */
export function judgeLimits(
  scenario: GatewayScenario,
  limits: readonly GatewayLimit[],
  figures: Figures,
  lm_delay_ms: number,
): Check[] {
  return limits.flatMap((one): Check[] => {
    const found = figures[one.figure];
    if (found === undefined) return [];
    const { unit } = FIGURES[one.figure];
    return [
      judgePoint(
        'limit',
        {
          id: one.figure,
          subject: { variant: null, part: scenario },
          metric: one.figure,
          statistic: null,
          unit,
          op: one.op,
          limit: limitValue(one, lm_delay_ms),
          acceptable: null,
          value: found.value,
          interval: null,
          alpha: null,
          n: found.n,
          n_of: 'requests',
        },
        { reason: 'no_data', problem: 'nothing was measured for it' },
      ),
    ];
  });
}
