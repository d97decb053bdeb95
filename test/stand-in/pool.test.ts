import { expect, test } from 'vitest';
import { WorkerPool } from '../../stand-in/kit/pool.ts';

/** A task that ends when told. */
function held() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { task: () => ended, end };
}

test('more than the workers wait, in order, and the counts say so', async () => {
  const pool = new WorkerPool(2);
  const log: number[] = [];
  const tasks = Array.from({ length: 5 }, held);
  const done = tasks.map(({ task }, i) => pool.run(() => task().then(() => log.push(i))));
  expect([pool.busy, pool.depth]).toEqual([2, 3]);
  tasks[1]?.end();
  await done[1];
  expect([pool.busy, pool.depth]).toEqual([2, 2]);
  for (const { end } of tasks) end();
  await Promise.all(done);
  expect(log).toEqual([1, 0, 2, 3, 4]);
  expect([pool.busy, pool.depth]).toEqual([0, 0]);
});

test('a task that throws frees its worker', async () => {
  const pool = new WorkerPool(1);
  await expect(pool.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(pool.run(async () => 'next')).resolves.toBe('next');
});

test('a long queue is served whole, first come first served', async () => {
  const pool = new WorkerPool(1);
  const log: number[] = [];
  await Promise.all(Array.from({ length: 5000 }, (_, i) => pool.run(async () => log.push(i))));
  expect(log).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  expect([pool.busy, pool.depth]).toEqual([0, 0]);
});
