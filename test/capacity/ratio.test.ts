import { describe, expect, test } from 'vitest';
import type { Capacity } from '../../domain/jobs/capacity/capacity.ts';
import { CAPACITY, SUSTAINED, capacityChecks } from '../../domain/jobs/capacity/ratio.ts';
import type { Thresholds } from '../../domain/verdict/thresholds.ts';
import type { Variant } from '../../domain/variants.ts';

const TOLERATED: Pick<Thresholds, 'gates'> = { gates: [{ gate: 'throughput', margin: 0.9 }] };

const sustains = (
  variant: Variant,
  good: number | null,
  bad: number | null,
  sure = { good: true, bad: true },
): Capacity => ({
  variant,
  unit: 'requests/s',
  steps: [],
  sustained: good === null ? null : { load: good, per_s: good, block: 0, sure: sure.good },
  saturation_per_s: null,
  gave_out: bad === null ? null : { load: bad, causes: ['backlog'], sure: sure.bad, block: 1 },
  knee: null,
  bottlenecks: [],
});

const ratio = (baseline: Capacity, shadow: Capacity) =>
  capacityChecks({ baseline, shadow }, TOLERATED).find(({ id }) => id === CAPACITY);

describe('the ratio of what two variants sustain', () => {
  test.each([
    // Baseline 36 to 37, shadow 35 to 36: at least 35 / 37.
    ['pass', [36, 37], [35, 36]],
    // At most 32 / 36.
    ['fail', [36, 37], [31, 32]],
    // Between 30 / 40 and 40 / 30: coarse steps leave it open.
    ['inconclusive', [30, 40], [30, 40]],
    // The baseline bore all that was tried; the shadow at most 20 of its 50.
    ['fail', [50, null], [15, 20]],
    // The shadow bore all that was tried, more than twice what broke the baseline.
    ['pass', [15, 20], [50, null]],
    ['pass', [50, null], [50, null]],
  ] as const)('%s: baseline %j, shadow %j', (answer, [good, bad], [shadow_good, shadow_bad]) => {
    expect(ratio(sustains('baseline', good, bad), sustains('shadow', shadow_good, shadow_bad))?.answer).toBe(
      answer,
    );
  });

  test('what is known by the point figures alone decides nothing', () => {
    const unsure = { good: false, bad: true };
    expect(ratio(sustains('baseline', 36, 37), sustains('shadow', 35, 36, unsure))?.answer).toBe(
      'inconclusive',
    );
    expect(ratio(sustains('baseline', 36, 37, unsure), sustains('shadow', 31, 32))?.answer).toBe(
      'inconclusive',
    );
  });

  test('that something was sustained is a check of its own, which no data never passes', () => {
    const checks = capacityChecks(
      { baseline: sustains('baseline', 36, 37), shadow: sustains('shadow', null, 5) },
      TOLERATED,
    );
    expect(
      checks.filter(({ id }) => id === SUSTAINED).map(({ subject, answer }) => [subject.variant, answer]),
    ).toEqual([
      ['baseline', 'pass'],
      ['shadow', 'inconclusive'],
    ]);
  });

  test('there is none where one sustains nothing, or is alone', () => {
    expect(ratio(sustains('baseline', 36, 37), sustains('shadow', null, 5))).toBeUndefined();
    const alone = capacityChecks({ baseline: sustains('baseline', 36, 37) }, TOLERATED);
    expect(alone.map(({ id }) => id)).toEqual([SUSTAINED]);
  });
});
