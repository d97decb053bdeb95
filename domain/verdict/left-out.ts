/** Gates that a load can't fill, whatever it measures, are left out before it: on the record, with what would fill them. */
import { gateId, type Gate, type Thresholds } from './thresholds.ts';

export interface LeftOut {
  readonly gate: string;
  readonly cure: string;
}

/** What is known of a load before it. */
export interface Known {
  /** The metrics that the payloads' labels and assertions give. */
  readonly metrics: readonly string[];
  /** Answers carry a cost, or a price is known. */
  readonly costed: boolean;
  readonly temperature: number | null;
  /** Gates that must be decided all the same. */
  readonly required: readonly string[];
}

const NO_COST = 'give --price or --price-per-hour, or say by --cost-path where the answers have their cost';

const unlabelled = (metric: string, metrics: readonly string[]): string | null =>
  metrics.includes(metric)
    ? null
    : `no payload has a label or an assertion for "${metric}"; ${metrics.length === 0 ? 'give payloads with "expected" or "assert"' : `there are some for ${metrics.join(', ')}`}`;

/** What the gate lacks, with the cure; null: nothing. */
function lack(gate: Gate, { metrics, costed, temperature }: Known): string | null {
  switch (gate.gate) {
    case 'accuracy':
      return unlabelled(gate.answer, metrics);
    case 'quality':
      return unlabelled(gate.metric, metrics);
    case 'cpqu':
      return unlabelled(gate.metric ?? 'correction', metrics) ?? (costed ? null : NO_COST);
    case 'cost':
      return costed ? null : NO_COST;
    case 'agreement':
      return temperature === null || temperature === 0
        ? null
        : `at --temperature ${temperature} answers differ by themselves; ask at 0`;
    case 'latency':
    case 'typical':
    case 'mean':
    case 'error_rate':
    case 'throughput':
    case 'output_length':
      return null;
  }
}

export function withinReach(
  thresholds: Thresholds,
  known: Known,
): { readonly thresholds: Thresholds; readonly left_out: readonly LeftOut[] } {
  const lacking = thresholds.gates.map((gate) => ({
    gate,
    cure: known.required.includes(gateId(gate)) ? null : lack(gate, known),
  }));
  return {
    thresholds: { ...thresholds, gates: lacking.flatMap(({ gate, cure }) => (cure === null ? [gate] : [])) },
    left_out: lacking.flatMap(({ gate, cure }) => (cure === null ? [] : [{ gate: gateId(gate), cure }])),
  };
}
