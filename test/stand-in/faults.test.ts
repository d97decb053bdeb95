import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FaultPlan,
  faultHelp,
  parseFault,
  serverFaults,
  transportFaults,
} from '../../stand-in/kit/faults.ts';

const rules = { ...transportFaults, ...serverFaults };

test.each([
  ['status=0.1', { kind: 'status', amount: 0.1, arg: 500 }],
  ['status=1:503', { kind: 'status', amount: 1, arg: 503 }],
  ['hang=0.5', { kind: 'hang', amount: 0.5, arg: 0 }],
  ['crash=0', { kind: 'crash', amount: 0, arg: 0 }],
  ['never_recovers=10:3', { kind: 'never_recovers', amount: 10, arg: 3 }],
  ['slow_health=1500', { kind: 'slow_health', amount: 1500, arg: 0 }],
])('%s', (text, fault) => {
  expect(parseFault(text, rules)).toEqual(fault);
});

test.each([
  ['statu=0.1', /unknown kind\. Did you mean status\? Valid: status, rate_limit, .*slow_health/],
  ['toString=1', /unknown kind/],
  ['', /unknown kind/],
  ['status', /status=SHARE\[:CODE\] takes a share above 0 and up to 1/],
  ['status=', /takes a share/],
  ['status=0', /takes a share/],
  ['status=5', /takes a share/],
  ['status=5%', /takes a share/],
  ['status=0.1:200', /CODE is a number from 400 to 599/],
  ['status=0.1:', /CODE is a number/],
  ['status=0.1:500:1', /CODE is a number/],
  ['hang=0.1:5', /hang takes no ':' argument/],
  ['crash=1.5', /takes a whole number of requests/],
  ['crash=-1', /takes a whole number of requests/],
])('%s is refused', (text, message) => {
  expect(() => parseFault(text, rules)).toThrow(message);
});

test('shares above 1 in all, and a server fault given twice, are refused', () => {
  expect(() => new FaultPlan(['status=0.6', 'hang=0.6'], rules, 1)).toThrow('add up to 1.2');
  expect(() => new FaultPlan(['crash=1', 'crash=2'], rules, 1)).toThrow('given twice');
  expect(() => new FaultPlan(['status=0.1:500', 'status=0.1:503'], rules, 1)).not.toThrow();
});

test('a share is met almost exactly, at any seed, and two faults never meet one request', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      (seed, share) => {
        const plan = new FaultPlan([`status=${share}`, 'reset=0.25'], rules, seed);
        const kinds = Array.from({ length: 1000 }, (_, i) => plan.at('/x', i)?.kind);
        const count = (kind: string) => kinds.filter((k) => k === kind).length;
        expect(Math.abs(count('status') - share * 1000)).toBeLessThan(6);
        expect(Math.abs(count('reset') - 250)).toBeLessThan(6);
      },
    ),
    { numRuns: 50, seed: 1 },
  );
});

test('the plan repeats by seed and differs between seeds and paths', () => {
  const hits = (seed: number, path: string) => {
    const plan = new FaultPlan(['status=0.1'], rules, seed);
    return Array.from({ length: 200 }, (_, i) => plan.at(path, i) !== null);
  };
  expect(hits(1, '/a')).toEqual(hits(1, '/a'));
  expect(hits(1, '/a')).not.toEqual(hits(2, '/a'));
  expect(hits(1, '/a')).not.toEqual(hits(1, '/b'));
});

test('faults of the whole server are no fault of a request', () => {
  const plan = new FaultPlan(['crash=3'], rules, 1);
  expect(plan.at('/x', 0)).toBeNull();
  expect(plan.whole('crash')).toMatchObject({ amount: 3 });
  expect(plan.whole('drift')).toBeNull();
});

test('help shows the shape of every kind', () => {
  const help = faultHelp(rules);
  for (const kind of Object.keys(rules)) expect(help).toContain(`  ${kind}=`);
  expect(help).toMatch(/status=SHARE\[:CODE\] +an error status \(CODE 500\)/);
});
