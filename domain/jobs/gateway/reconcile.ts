/** k6's side against the other one, by request id: what one saw and the other did not is a finding. */
import type { Evidence } from './evidence.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import type { Sight } from './sight.ts';
import type { LmCounts } from './lm.ts';
import { bareModel, type GatewayProgram } from './programs.ts';
import type { GatewayRecord } from './record.ts';

export interface Reconciled {
  readonly findings: readonly Finding[];
  readonly sights: readonly Sight[];
}

const SHOWN = 5;
const first = (ids: readonly string[]): string[] => ids.slice(0, SHOWN);

export const isAnswered = ({ status }: GatewayRecord): boolean =>
  status !== null && status >= 200 && status < 300;

/** Refused because of the LM: the contract says that it is logged. */
const isFailedCall = ({ status, error }: GatewayRecord): boolean =>
  status !== null && status >= 500 && error === 'status';

/** Requests that must stand in the log, exactly once. A 422 isn't logged; a 429, or one that k6 gave up, may be or not. */
export const mustBeLogged = (record: GatewayRecord): boolean =>
  record.kind === 'call' && (isAnswered(record) || isFailedCall(record));

export function reconcileLogs({ records, logs, run_key, programs }: Evidence): Reconciled {
  if (logs === null) return { findings: [], sights: [] };
  const findings: Finding[] = [];
  const sent = new Map(records.filter(({ program }) => program !== '').map((one) => [one.request_id, one]));
  const seen = new Map<string, number>();
  const unknown: string[] = [];
  const disagreeing: string[] = [];
  for (const { request_id, program, success } of logs.entries) {
    seen.set(request_id, (seen.get(request_id) ?? 0) + 1);
    const record = sent.get(request_id);
    if (record === undefined || record.program !== program) unknown.push(request_id);
    else if ((isAnswered(record) && !success) || (isFailedCall(record) && success))
      disagreeing.push(request_id);
  }
  const expected = records.filter(mustBeLogged);
  const lost = expected.filter(
    ({ request_id }) => !seen.has(request_id) && !logs.damaged_ids.has(request_id),
  );
  const doubled = [...seen].filter(([id, times]) => times > 1 && sent.get(id)?.kind !== 'repeat');
  const counts = (program: GatewayProgram): string => {
    const mine = expected.filter((one) => one.program === program.name);
    return `${program.name}: ${mine.length} sent, ${logs.entries.filter((one) => one.program === program.name).length} lines`;
  };

  const { torn, bad_fields } = logs;
  const lineCases = (bad: typeof torn): string[] =>
    bad.slice(0, SHOWN).map(({ program, line, problem }) => `${program}.log, new line ${line}: ${problem}`);
  if (torn.length > 0) findings.push(finding('torn_log', { lines: torn.length }, { cases: lineCases(torn) }));
  if (lost.length > 0)
    findings.push(
      finding(
        'lost_log',
        { lost: lost.length, requests: expected.length },
        { cases: [...programs.map(counts), ...first(lost.map(({ request_id }) => request_id))] },
      ),
    );
  if (doubled.length > 0)
    findings.push(
      finding(
        'doubled_log',
        { doubled: doubled.length },
        { cases: [...programs.map(counts), ...first(doubled.map(([id]) => id))] },
      ),
    );
  if (bad_fields.length > 0)
    findings.push(finding('log_bad_fields', { lines: bad_fields.length }, { cases: lineCases(bad_fields) }));
  if (unknown.length > 0)
    findings.push(
      finding('log_without_request', { lines: unknown.length, run: run_key }, { cases: first(unknown) }),
    );
  if (disagreeing.length > 0)
    findings.push(finding('log_disagrees', { lines: disagreeing.length }, { cases: first(disagreeing) }));
  if (logs.foreign > 0) findings.push(finding('foreign_log_lines', { lines: logs.foreign }));
  const logged = expected.filter(({ request_id }) => seen.get(request_id) === 1).length;
  return { findings, sights: [{ saw: 'log_lines', lines: logged, expected: expected.length }] };
}

type LmTotal = Pick<LmCounts, 'served' | 'errors' | 'peak_in_flight'>;

function sumByModel(evidence: Evidence): { total: LmTotal; by_model: Map<string, number> } | null {
  const states = evidence.phases.flatMap(({ lm }) => lm ?? []);
  if (states.length === 0) return null;
  const by_model = new Map<string, number>();
  for (const { by_model: models } of states)
    for (const [model, { served }] of Object.entries(models))
      by_model.set(bareModel(model), (by_model.get(bareModel(model)) ?? 0) + served);
  const sum = (of: (state: LmCounts) => number): number => states.reduce((all, one) => all + of(one), 0);
  const total = {
    served: sum(({ served }) => served),
    errors: sum(({ errors }) => errors),
    peak_in_flight: Math.max(...states.map(({ peak_in_flight }) => peak_in_flight)),
  };
  return { total, by_model };
}

/** Calls that the LM served against answers that k6 got. */
export function reconcileLm(evidence: Evidence): Reconciled {
  const summed = sumByModel(evidence);
  if (summed === null) return { findings: [], sights: [] };
  const { total, by_model } = summed;
  const calls = evidence.records.filter(({ kind }) => kind === 'call' || kind === 'repeat');
  const answered = calls.filter(isAnswered);
  // A request that k6 gave up, or that was refused after retries, may have been served by the LM all the same.
  const uncertain = calls.length - answered.length;
  const expected = new Map<string, number>();
  for (const { program } of answered) {
    const model = evidence.programs.find(({ name }) => name === program)?.model;
    if (model !== undefined) expected.set(bareModel(model), (expected.get(bareModel(model)) ?? 0) + 1);
  }
  const findings: Finding[] = [];
  const asked = [...expected].map(
    ([model, count]) =>
      `${model}: ${count} answers of its programs, ${by_model.get(model) ?? 0} calls served`,
  );
  if (total.served < answered.length)
    findings.push(
      finding('lm_served_fewer', { answers: answered.length, served: total.served }, { cases: asked }),
    );
  else if ([...expected].some(([model, count]) => (by_model.get(model) ?? 0) < count))
    findings.push(finding('lm_asked_for_other_models', {}, { cases: asked }));
  if (total.served > answered.length + uncertain)
    findings.push(finding('lm_served_more', { served: total.served, answers: answered.length }));
  return {
    findings,
    sights: [
      { saw: 'lm_calls', served: total.served, errors: total.errors, peak: total.peak_in_flight },
      ...(evidence.scenario === 'routing'
        ? [{ saw: 'lm_models', by_model: Object.fromEntries(by_model) } as const]
        : []),
    ],
  };
}

/** The gateway's own count of requests, where its metrics have one. */
export function reconcileMetric(evidence: Evidence): Reconciled {
  const { before, after } = evidence.process;
  if (before?.requests == null || after?.requests == null) return { findings: [], sights: [] };
  // Since the start of the process where it was restarted; that is a finding of its own.
  const restarted = before.start_time_s !== after.start_time_s;
  let counted = 0;
  for (const [program, count] of Object.entries(after.requests))
    counted += count - (restarted ? 0 : (before.requests[program] ?? 0));
  const calls = evidence.records.filter(
    ({ kind, phase }) =>
      (kind === 'call' || kind === 'repeat') && (evidence.scenario !== 'error-storm' || phase !== 'before'),
  );
  const finished = calls.filter(({ status }) => status !== null).length;
  const findings: Finding[] = [];
  if (counted < finished)
    findings.push(finding('metric_disagrees', { counted, answers: finished, sent: calls.length }));
  return { findings, sights: [{ saw: 'counted', requests: counted, expected: finished }] };
}
