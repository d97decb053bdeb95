/** What every measured request has around it, however it is sent: may it start, its place and phase, its counts, its record's head. */
import { sleep } from 'k6';
import { scenario, vu } from 'k6/execution';
import type { ErrorKind } from '../../domain/record/errors.ts';
import { members, type RequestPart } from '../../domain/record/write-record.ts';
import type { Phase, Variant } from '../../domain/variants.ts';
import { iterationIndex, now, traceparent } from '../extensions.ts';
import { requestDuration, requestFailed, requestsFinished, requestsStarted, type Tags } from '../metrics.ts';
import type { RequestLog } from '../request-log.ts';
import type { Starts } from '../load/shapes.ts';
import type { RunControl } from '../run-control.ts';

export interface StepContext {
  readonly variant: Variant;
  readonly scenario_name: string;
  readonly block: number;
  /** Which endpoint of a mix is asked; absent where the load has one. */
  readonly of_mix?: string;
  /** What comes before the measurement: so much time, or so many requests. */
  readonly warm_up: { readonly ms: number } | { readonly requests: number };
  /** The request's place in its variant's sequence; null: the k6 scenario's own count. */
  readonly index: (() => number) | null;
  readonly log: RequestLog;
  readonly control: RunControl;
  /** Of an open load; null: a request starts when its client is free. */
  readonly starts: Starts | null;
}

/** A request that has begun. */
export interface Begun {
  readonly index: number;
  readonly phase: Phase;
  readonly tags: Tags;
  readonly traceparent: string;
  /** Epoch ms. */
  readonly start_ms: number;
  /** Open load: when it was to start, epoch ms. */
  readonly due_ms: number | null;
}

export interface MeasuredStep {
  /** Null: nothing may be sent. */
  begin(): Begun | null;
  /** A record's fields but those of k6's own response, as members of JSON; those of every request are added here. */
  record(begun: Begun, start_ms: number, of: RequestPart): string;
  /** How long after its scheduled start a request began, 0 in a closed loop. */
  late(begun: Begun, start_ms: number): number;
  /** Counts an answer; `duration_ms`, from the scheduled start, enters the latency of valid ones only. */
  count(begun: Begun, error: ErrorKind | null, duration_ms: number): void;
  /** After the record is written. */
  end(begun: Begun, error: ErrorKind | null, cost_eur: number | null): void;
}

const DETAIL_LENGTH = 200;

export const detail = (text: string | null | undefined): string => (text ?? '').slice(0, DETAIL_LENGTH);

export const orNull = (text: string | null | undefined): string | null =>
  text === undefined || text === '' ? null : text;

export function measuredStep({
  variant,
  scenario_name,
  block,
  of_mix,
  warm_up,
  index: indexOf,
  control,
  starts,
}: StepContext): MeasuredStep {
  const tags: Readonly<Record<Phase, Tags>> = {
    warmup: { variant, phase: 'warmup' },
    measured: { variant, phase: 'measured' },
  };
  const fixed = members({ variant, scenario: scenario_name, block, vu: vu.idInTest, endpoint: of_mix });
  let began_ms: number | null = null;
  const begin_ms = (): number => (began_ms ??= scenario.startTime);
  const late = ({ due_ms }: Begun, start_ms: number): number =>
    due_ms === null ? 0 : Math.max(0, start_ms - due_ms);
  const isWarmUp = (index: number, start_ms: number): boolean => {
    if ('requests' in warm_up) return index < warm_up.requests;
    return start_ms < begin_ms() + warm_up.ms;
  };
  return {
    begin() {
      control.rest();
      const index = (indexOf ?? iterationIndex)();
      const due_ms = starts === null ? null : begin_ms() + starts.at(index);
      const wait_ms = due_ms === null ? 0 : due_ms - now();
      if (wait_ms > 0) sleep(wait_ms / 1000);
      if (!control.mayStart()) return null;
      const start_ms = due_ms === null ? Date.now() : now();
      if (due_ms !== null) control.startedLate(start_ms - due_ms);
      const phase: Phase = isWarmUp(index, due_ms ?? start_ms) ? 'warmup' : 'measured';
      requestsStarted.add(1, tags[phase]);
      return { index, phase, tags: tags[phase], traceparent: traceparent(), start_ms, due_ms };
    },
    late,
    record(begun, start_ms, of) {
      const { index, phase, due_ms } = begun;
      const late_ms = due_ms === null ? undefined : late(begun, start_ms);
      const own = members({ index, phase, start_ms, late_ms, traceparent: begun.traceparent });
      return `${fixed},${own},${members(of)}`;
    },
    count(begun, error, duration_ms) {
      if (error === null) requestDuration.add(duration_ms, begun.tags);
      requestFailed.add(error !== null, begun.tags);
    },
    end(begun, error, cost_eur) {
      requestsFinished.add(1, begun.tags);
      control.finished(error, cost_eur);
    },
  };
}
