import { type LatencyShape, LatencySource } from '../../stand-in/kit/latency.ts';
import { randomFor } from '../../stand-in/kit/random.ts';

interface Loop {
  readonly shape: LatencyShape;
  readonly workers: number;
  readonly variant: string;
  readonly clients: number;
  readonly requests: number;
}

/** End-to-end times in ms, sorted, of a closed loop on first-come-first-served workers, in virtual time. */
export function closedLoop({ shape, workers, variant, clients, requests }: Loop): number[] {
  const source = new LatencySource(shape, { autocorrelation: 0, burst: null }, 1, variant);
  const client_free = Array.from({ length: clients }, () => 0);
  const worker_free = Array.from({ length: workers }, () => 0);
  const soonest = (times: readonly number[]) => times.indexOf(Math.min(...times));
  const durations: number[] = [];
  for (let index = 0; index < requests; index++) {
    const client = soonest(client_free);
    const worker = soonest(worker_free);
    const sent = client_free[client] ?? 0;
    const begun = Math.max(sent, worker_free[worker] ?? 0);
    const text = `sentence ${Math.floor(randomFor('text of', index)() * 270)}`;
    const ended = begun + source.next(index, text);
    client_free[client] = ended;
    worker_free[worker] = ended;
    durations.push(ended - sent);
  }
  return durations.sort((a, b) => a - b);
}

export const quantile = (sorted: readonly number[], p: number): number =>
  sorted[Math.floor(p * (sorted.length - 1))] ?? Number.NaN;
