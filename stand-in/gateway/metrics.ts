import { Counter, Gauge, type Registry } from 'prom-client';
import type { Limiter } from './limiter.ts';

/** The series of a gateway beside its HTTP ones, each by program. */
export function gatewayMetrics(registry: Registry, limiters: ReadonlyMap<string, Limiter>) {
  const registers = [registry];
  const gauge = (name: string, help: string, read: (limiter: Limiter) => number) => {
    const collect = function collect(this: Gauge) {
      for (const [program, limiter] of limiters) this.set({ program }, read(limiter));
    };
    registry.registerMetric(new Gauge({ name, help, labelNames: ['program'], registers: [], collect }));
  };
  gauge('gateway_program_running', 'Requests of the program being worked on', ({ running }) => running);
  gauge('gateway_program_waiting', 'Requests that wait for the limit', ({ waiting }) => waiting);
  return {
    requests: new Counter({
      name: 'gateway_requests_total',
      help: 'Requests by program and outcome: ok, lm_error, rejected',
      labelNames: ['program', 'outcome'],
      registers,
    }),
    lm_calls: new Counter({
      name: 'gateway_lm_calls_total',
      help: 'Calls of the LM, retries included',
      registers,
    }),
  };
}
