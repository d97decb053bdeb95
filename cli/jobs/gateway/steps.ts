/** Each scenario as data: its phases, one k6 process each, and how the LM behaves in them. */
import { normalMs } from '../../../domain/jobs/gateway/judge-backpressure.ts';
import type { LmSettings } from '../../../domain/jobs/gateway/lm.ts';
import type { BurstShape, ClosedShape, LoadShape } from '../../../domain/jobs/gateway/plan.ts';
import type { GatewayPhase, GatewayScenario } from '../../../domain/jobs/gateway/scenarios.ts';
import type { Settings } from '../../../domain/settings/settings.ts';

export interface Step {
  readonly phase: GatewayPhase;
  readonly load: LoadShape;
  readonly timeout_ms: number;
  readonly lm: Pick<LmSettings, 'error_rate' | 'error_status' | 'hang_rate'>;
}

const PROBES_PER_S = 10;
const BAD_INPUT_EVERY = 25;
const SINGLES = 3;
const REPEATS = 2;

const calm: Step['lm'] = { error_rate: 0, error_status: 500, hang_rate: 0 };

export function stepsOf(scenario: GatewayScenario, settings: Settings): readonly Step[] {
  const { gatewayUsers: users, gatewayDurationMs, gatewayTimeoutMs: timeout_ms, lmDelayMs } = settings;
  const part = (share: number): number => Math.max(1000, Math.round(gatewayDurationMs * share));
  const few = Math.max(Math.min(users, 8), Math.round(users / 5));
  const closed = (of: Partial<ClosedShape>): ClosedShape => ({
    shape: 'closed',
    users,
    warm_up_ms: 0,
    duration_ms: gatewayDurationMs,
    bad_input_every: null,
    probes_per_s: 0,
    repeats: 0,
    ...of,
  });
  const main = (load: LoadShape): Step => ({ phase: 'main', load, timeout_ms, lm: calm });
  switch (scenario) {
    case 'load':
      return [main(closed({ warm_up_ms: settings.gatewayWarmUpMs, repeats: REPEATS }))];
    case 'routing':
      return [main(closed({ users: few, duration_ms: part(1 / 3) }))];
    case 'log-integrity':
      return [main(closed({ users: few, duration_ms: part(1 / 3), bad_input_every: BAD_INPUT_EVERY }))];
    case 'error-storm': {
      const normal = closed({ duration_ms: part(1 / 5) });
      return [
        { ...main(normal), phase: 'before' },
        {
          ...main(closed({ duration_ms: part(1 / 2) })),
          timeout_ms: settings.stormDeadlineMs,
          lm: {
            error_rate: settings.stormErrorRate,
            error_status: settings.stormErrorStatus,
            hang_rate: settings.stormHangRate,
          },
        },
        { ...main(normal), phase: 'after' },
      ];
    }
    case 'backpressure': {
      const load: BurstShape = {
        shape: 'burst',
        requests: settings.gatewayBurst,
        singles: SINGLES,
        normal_ms: normalMs(lmDelayMs),
        recover_within_ms: 2 * settings.gatewayQueueTimeoutMs + 10 * lmDelayMs + 2000,
      };
      return [main(load)];
    }
    case 'probes':
      return [main(closed({ duration_ms: part(1 / 3), warm_up_ms: 1000, probes_per_s: PROBES_PER_S }))];
  }
}

/** What the steps take if all goes well, k6's own start left out. */
export function stepsTimeMs(scenario: GatewayScenario, settings: Settings): number {
  return stepsOf(scenario, settings).reduce(
    (sum, { load }) =>
      sum +
      (load.shape === 'closed'
        ? load.warm_up_ms + load.duration_ms
        : settings.gatewayQueueTimeoutMs + 2 * SINGLES * settings.lmDelayMs),
    0,
  );
}
