/** What one scenario's own judgement says; judge.ts adds what all scenarios share. */
import { errorRate, percentile } from './figures.ts';
import type { Finding } from '../../verdict/findings.ts';
import type { Sight } from './sight.ts';
import type { Figures } from './limits.ts';
import type { GatewayRecord } from './record.ts';

export interface Judged {
  readonly figures: Figures;
  readonly findings: readonly Finding[];
  readonly from_k6: readonly Sight[];
  readonly from_other_side: readonly Sight[];
}

/** The requests to programs of the measured phase. */
export const mainCalls = (records: readonly GatewayRecord[]): readonly GatewayRecord[] =>
  records.filter(({ phase, kind }) => phase === 'main' && kind === 'call');

export const mainFigures = (records: readonly GatewayRecord[]): Figures => {
  const main = mainCalls(records);
  return { error_rate: errorRate(main), duration_p95: percentile(main, 0.95) };
};
