/** The order of every run, whatever it loads: servers, blocks one after the other, the end; and nothing of ours is left running. */
import { Interrupted, type Io } from '../io.ts';
import { Closers } from './closers.ts';

/** Blocks of load, one k6 process each. */
export interface Blocks<P, R> {
  /** Null: the run is over. `block`: how many have been run. */
  next(block: number): P | null;
  /** Of servers, as they must be for this block. */
  before?(planned: P, block: number): Promise<void>;
  run(planned: P, block: number): Promise<R>;
  /** What has ended is kept; true: nothing may follow it. */
  after?(ended: R, planned: P): Promise<boolean>;
}

export interface RunPlan<S, P, R, T> {
  /** Started or found. What is given to `closers` is stopped at the end, whatever fails. */
  servers(closers: Closers): Promise<S>;
  blocks(servers: S): Blocks<P, R>;
  /** While the servers still live. */
  finish(servers: S, ended: readonly R[]): Promise<T>;
}

/** @throws Interrupted before the first block, and what the hooks throw */
export async function runBlocks<S, P, R, T>(io: Io, plan: RunPlan<S, P, R, T>): Promise<T> {
  if (io.interrupted.aborted) throw new Interrupted();
  const closers = new Closers();
  try {
    const servers = await plan.servers(closers);
    const blocks = plan.blocks(servers);
    const ended: R[] = [];
    for (let over = false; !over;) {
      const block = ended.length;
      const planned = blocks.next(block);
      if (planned === null) break;
      await blocks.before?.(planned, block);
      const result = await blocks.run(planned, block);
      ended.push(result);
      over = (await blocks.after?.(result, planned)) ?? false;
    }
    return await plan.finish(servers, ended);
  } finally {
    await closers.run();
  }
}
