/** One measured request to a gateway: send, judge, count, record. */
import { sleep } from 'k6';
import exec from 'k6/execution';
import type { PhasePlan } from '../../domain/jobs/gateway/plan.ts';
import type { GatewayProgram } from '../../domain/jobs/gateway/programs.ts';
import { requestId } from '../../domain/jobs/gateway/request-id.ts';
import type { GatewayPhase, RecordKind } from '../../domain/jobs/gateway/scenarios.ts';
import { members } from '../../domain/record/write-record.ts';
import type { GatewayEndpoint, GatewayReading } from '../endpoints/gateway.ts';
import {
  probeDuration,
  requestDuration,
  requestFailed,
  requestsFinished,
  requestsStarted,
} from '../metrics.ts';
import type { RequestLog, TextResponse } from '../request-log.ts';

/** A server that is gone refuses at once: no flood against it. */
const IDLE_SECONDS = 0.25;

export interface GatewayStep {
  /** `extra` tells ids of one index apart. */
  program(
    program: GatewayProgram,
    phase: GatewayPhase,
    index: number,
    kind?: Exclude<RecordKind, 'live' | 'ready'>,
    extra?: string,
  ): GatewayReading & { readonly duration_ms: number };
  probe(kind: 'live' | 'ready', phase: GatewayPhase, index: number): void;
}

export function gatewayStep(plan: PhasePlan, endpoint: GatewayEndpoint, log: RequestLog): GatewayStep {
  const { run_key, scenario } = plan;
  const record = (
    response: TextResponse,
    reading: GatewayReading,
    of: { phase: GatewayPhase; kind: RecordKind; program: string; request_id: string; start_ms: number },
  ): void => log.record(response, members({ scenario, vu: exec.vu.idInTest, ...of, ...reading }));
  return {
    program(program, phase, index, kind = 'call', extra = '') {
      const request_id = requestId(run_key, scenario, phase, index, extra);
      const start_ms = Date.now();
      requestsStarted.add(1, { phase });
      const response =
        kind === 'bad_input' ? endpoint.badInput(program, request_id) : endpoint.call(program, request_id);
      const reading = endpoint.readCall(response, program, request_id);
      const duration_ms = response.timings.duration;
      if (kind === 'call') {
        if (reading.error === null) requestDuration.add(duration_ms, { phase });
        requestFailed.add(reading.error !== null, { phase });
      }
      record(response, reading, { phase, kind, program: program.name, request_id, start_ms });
      requestsFinished.add(1, { phase });
      if (reading.error === 'connect' || reading.error === 'dns' || reading.error === 'reset')
        sleep(IDLE_SECONDS);
      return { ...reading, duration_ms };
    },
    probe(kind, phase, index) {
      const request_id = requestId(run_key, scenario, phase, index, kind);
      const start_ms = Date.now();
      requestsStarted.add(1, { phase });
      const response = endpoint.probe(kind === 'live' ? plan.live_path : plan.ready_path, kind);
      const reading = endpoint.readProbe(response);
      if (reading.error === null) probeDuration.add(response.timings.duration, { name: kind });
      record(response, reading, { phase, kind, program: '', request_id, start_ms });
      requestsFinished.add(1, { phase });
    },
  };
}
