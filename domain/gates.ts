/** Gates: can the shadow be worse than we tolerate? One function a kind; each gives an interval of the difference. */
import type { GateCheck } from './checks.ts';
import type { Measured } from './request-table.ts';
import type { VariantSummary } from './summary.ts';
import { gateId, type Gate } from './thresholds.ts';

export interface GateContext {
  readonly alpha: number;
  readonly rule: 'interval' | 'point';
}

export interface Pair {
  readonly baseline: { readonly measured: Measured; readonly summary: VariantSummary };
  readonly shadow: { readonly measured: Measured; readonly summary: VariantSummary };
}

export function judgeGate(gate: Gate, pair: Pair, context: GateContext): GateCheck {
  void pair;
  return {
    kind: 'gate',
    id: gateId(gate),
    gate: gate.gate,
    metric: gate.gate,
    statistic: null,
    scale: 'ratio',
    better: 'lower',
    estimate: null,
    interval: { low: null, high: null },
    limit: 'margin' in gate ? gate.margin : gate.margin_pp / 100,
    answer: 'inconclusive',
    undecided: { reason: 'no_data' },
    advisory: null,
    n: 0,
    n_of: 'requests',
    alpha: context.alpha,
    baseline: null,
    shadow: null,
  };
}
