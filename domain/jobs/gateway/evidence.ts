/** Everything that was seen during one scenario, from k6's side and from the other one: what it is judged by. */
import type { Seen } from '../../verdict/evidence.ts';
import type { LmState } from './lm.ts';
import type { LogEvidence } from './log-line.ts';
import type { PhaseSummary } from './plan.ts';
import type { GatewayProgram } from './programs.ts';
import type { GatewayRecord } from './record.ts';
import type { GatewayPhase, GatewayScenario } from './scenarios.ts';

/** One k6 process. */
export interface PhaseEvidence {
  readonly phase: GatewayPhase;
  /** Null: k6 died before it could sum up. */
  readonly summary: PhaseSummary | null;
  /** Counters since the beginning of the phase, read at its end; null: not to be seen. */
  readonly lm: LmState | null;
}

/** The gateway's process at one moment; null: it does not say. */
export interface ProcessState {
  readonly start_time_s: number | null;
  readonly rss_bytes: number | null;
  /** Requests by program, as its own metric counts them. */
  readonly requests: Readonly<Record<string, number>> | null;
}

/** What the probes said while the LM was away, asked by the cli. */
export interface Readiness {
  readonly idle: { readonly live: ProbeAnswer; readonly ready: ProbeAnswer };
  /** Null: nothing could take the LM away. */
  readonly without_lm: {
    /** Until ready turned false; null: it never did in that time. */
    readonly unready_after_ms: number | null;
    readonly waited_ms: number;
    readonly live: ProbeAnswer;
    /** Once it was back; null: ready stayed false. */
    readonly ready_again_after_ms: number | null;
  } | null;
}

export interface ProbeAnswer {
  /** Null: no answer. */
  readonly status: number | null;
  readonly body: string;
}

export interface Evidence {
  readonly scenario: GatewayScenario;
  readonly run_key: string;
  readonly programs: readonly GatewayProgram[];
  readonly records: readonly GatewayRecord[];
  /** Lines of the request log that can't be read, and the first of them. */
  readonly bad_records: Seen['torn'];
  readonly phases: readonly PhaseEvidence[];
  /** Null: not to be seen. */
  readonly logs: LogEvidence | null;
  /** Before the scenario's main phase, and at its end; null: no answer. */
  readonly process: { readonly before: ProcessState | null; readonly after: ProcessState | null };
  /** Last words of a gateway of ours that ended by itself. */
  readonly died: string | null;
  readonly readiness: Readiness | null;
  /** The load machine during the scenario. */
  readonly resources: Seen['resources'];
  readonly cpus: number;
  /** How long k6 ran for it, in seconds. */
  readonly load_s: number;
  readonly interrupted: boolean;
}

/** The settings that the judgement needs. */
export interface Terms {
  readonly users: number;
  readonly lm_delay_ms: number;
  /** A request without its whole answer by then has failed; in a storm, the stated deadline. */
  readonly timeout_ms: number;
  readonly limit: number;
  readonly burst: number;
  readonly queue_timeout_ms: number;
  readonly duration_ms: number;
}
