/** What a ramp found, in words: what gave out, and what to do about a bottleneck. */
import type { Advice } from '../../../domain/jobs/capacity/bottlenecks.ts';
import type { Cause } from '../../../domain/jobs/capacity/step.ts';
import { MISSING } from '../format.ts';

/** What gave out, or could not be told. */
export const CAUSE_WORDS: Readonly<Record<Cause, string>> = {
  machine: 'the load machine',
  errors: 'errors',
  latency: 'latency',
  backlog: 'a growing queue',
  flat: 'throughput flat',
  no_answers: 'no valid answer',
  server_queue: "the server's queue",
  server_memory: "the server's memory",
};

export const ADVICE: Readonly<Record<Advice, string>> = {
  add_capacity: 'requests wait for a free worker: more workers or replicas, or fewer requests at once',
  speed_up_stage: 'this stage slows down under load: larger batches or more compute for it',
  reuse_connections: 'connecting takes the time: keep connections open',
  ease_machine: 'the load machine was the limit: measure from a larger one first',
  none: MISSING,
};
