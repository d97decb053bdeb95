import { describe, expect, test } from 'vitest';
import { nextStep, type RampPlan, type Tried } from '../../domain/jobs/capacity/search.ts';
import { trueCapacity } from '../../proof/capacity/simulated-server.ts';
import { IID_SERVER, TRIAL_PLAN, simulateRamp } from '../../proof/capacity/trials.ts';

const ramp: RampPlan = { unit: 'clients', from: 5, to: 50, step: 5, hold_ms: 60_000, resolution: null };
const tried = (load: number, answer: Tried['answer'], over: Partial<Tried> = {}): Tried => ({
  load,
  hold_ms: 60_000,
  answer,
  holds: answer !== 'bad',
  machine: false,
  per_s: load,
  mean_ms: 200,
  ...over,
});

describe('the ramp', () => {
  test('goes through every step to its end', () => {
    const run: Tried[] = [];
    for (let next = nextStep(ramp, run); next !== null; next = nextStep(ramp, run))
      run.push(tried(next.load, 'good'));
    expect(run.map(({ load }) => load)).toEqual([5, 10, 15, 20, 25, 30, 35, 40, 45, 50]);
  });
  test('one failure is a spell, two in a row end it; unsure steps end nothing', () => {
    expect(nextStep(ramp, [tried(5, 'good'), tried(10, 'bad')])?.load).toBe(15);
    expect(nextStep(ramp, [tried(5, 'good'), tried(10, 'bad'), tried(15, 'bad')])).toBeNull();
    expect(nextStep(ramp, [tried(5, 'unsure'), tried(10, 'unsure')])?.load).toBe(15);
  });
  test('a step that the load machine spoilt is run again, three times in all', () => {
    const spoilt = tried(10, 'unsure', { machine: true, holds: false });
    expect(nextStep(ramp, [tried(5, 'good'), spoilt])?.load).toBe(10);
    expect(nextStep(ramp, [tried(5, 'good'), spoilt, tried(10, 'good')])?.load).toBe(15);
    expect(nextStep(ramp, [spoilt, spoilt, spoilt])).toBeNull();
  });
});

describe('the search, on a simulated server of known capacity', () => {
  const capacity = trueCapacity(IID_SERVER);
  const full = simulateRamp(IID_SERVER, { ...TRIAL_PLAN, resolution: null }, 1);

  test('a full ramp finds the step below', () => {
    expect(full.capacity.sustained).toMatchObject({ load: 30, sure: true });
    expect(full.capacity.gave_out?.causes).toEqual(['backlog']);
  });

  test('within 5 % in 20 of 20 seeded trials, in a third of the full ramp', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { capacity: found, took_ms } = simulateRamp(IID_SERVER, TRIAL_PLAN, seed);
      expect(Math.abs((found.sustained?.load ?? 0) / capacity - 1), `seed ${seed}`).toBeLessThan(0.05);
      expect(took_ms, `seed ${seed}`).toBeLessThan(full.took_ms / 3);
    }
  }, 120_000);

  test('by clients: what it gives at saturation is its capacity, and clients beyond bring nothing', () => {
    const plan = { ...TRIAL_PLAN, unit: 'clients' } as const;
    for (let seed = 1; seed <= 5; seed += 1) {
      const { capacity: found } = simulateRamp(IID_SERVER, plan, seed);
      expect(Math.abs((found.saturation_per_s ?? 0) / capacity - 1)).toBeLessThan(0.05);
      expect(found.gave_out?.causes).toContain('flat');
    }
  }, 60_000);

  test('where nothing gives out, it says so rather than naming the last step the limit', () => {
    const plan = { ...TRIAL_PLAN, to: 20 };
    const { capacity: found } = simulateRamp(IID_SERVER, plan, 1);
    expect(found.sustained?.load).toBe(20);
    expect(found.gave_out).toBeNull();
  });

  test('too slow for its timeout: no load is sustained, and errors are named', () => {
    const slow = { ...IID_SERVER, median_ms: 20_000 };
    const { capacity: found } = simulateRamp(slow, TRIAL_PLAN, 1);
    expect(found.sustained).toBeNull();
    expect(found.gave_out?.causes[0]).toMatch(/errors|no_answers|latency/);
  });

  test('half the workers: half the capacity', () => {
    const half = { ...IID_SERVER, workers: 4 };
    const { capacity: found } = simulateRamp(half, TRIAL_PLAN, 2);
    expect(Math.abs((found.sustained?.load ?? 0) / trueCapacity(half) - 1)).toBeLessThan(0.05);
  });
});
