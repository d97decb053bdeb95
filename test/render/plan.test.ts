/** What a run can decide, as the terminal says it before the measurement. */
import { describe, expect, it } from 'vitest';
import { planInWords } from '../../cli/report/words/plan.ts';
import type { GatePlan } from '../../domain/verdict/plan.ts';
import { gateId, parseThresholds } from '../../domain/verdict/thresholds.ts';
import shadowThresholds from '../../thresholds/shadow.json' with { type: 'json' };

const { gates } = parseThresholds(shadowThresholds, 'thresholds/shadow.json');
const ids = gates.map(gateId);
const planned = (id: string, over: Partial<GatePlan> = {}): GatePlan => ({
  id,
  power: 0.9,
  advisory: null,
  needs: null,
  n_of: 'requests',
  minutes: null,
  ...over,
});
const tail = planned('request_duration_p99', {
  power: 0.51,
  advisory: { reason: 'power', power: 0.51, needs: 4000 },
  needs: 4000,
  minutes: 2.2,
});

describe('the plan in words', () => {
  it('sets labels apart that have commas of their own', () => {
    expect(ids).toContain('accuracy_correction');
    expect(planInWords(gates, [planned('accuracy_correction'), planned('error_rate')], [])).toEqual([
      'decides   accuracy, correction; error rate',
    ]);
  });
  it('says what a gate that only informs would need', () => {
    // Thousands are set apart by a space that does not break.
    const lines = planInWords(gates, [tail], []).map((line) => line.replaceAll(/\s/g, ' '));
    expect(lines).toEqual([
      'decides   nothing at this size',
      'informs   p99 latency (an equal candidate would pass with 51 %; about 4 000 requests would do, 3 min)',
    ]);
  });
  it('counts what is required, whatever the plan says', () => {
    expect(planInWords(gates, [tail], ['request_duration_p99'])).toEqual(['decides   p99 latency']);
  });
});
