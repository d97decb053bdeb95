/** load: many users over all programs. log-integrity: the same, smaller, with bad inputs between. */
import type { Evidence, Terms } from './evidence.ts';
import { right, windowSeconds } from './figures.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import { mainFigures, type Judged } from './judged.ts';
import type { GatewayProgram } from './programs.ts';

/** Below this part of its users at work at once, a mode is held back by something other than the LM. */
const HELD_BACK = 0.25;
/** The LM never saw more than this part of the users at once: the calls go one after another. */
const SERIALISED = 0.1;

/** Little's law: right answers a second x the LM's delay = how many were really asking the LM at once, on average. */
function atWork(
  { records, programs }: Evidence,
  { lm_delay_ms, users }: Terms,
  mode: GatewayProgram['mode'] | 'any',
): { users: number; at_work: number } {
  const of = new Set(programs.filter((one) => mode === 'any' || one.mode === mode).map(({ name }) => name));
  const calls = records.filter(({ kind }) => kind === 'call');
  const window_s = windowSeconds(calls, Number.POSITIVE_INFINITY);
  const answers = right(calls.filter(({ program }) => of.has(program))).length;
  return {
    users: (users * of.size) / programs.length,
    at_work: window_s > 0 ? ((answers / window_s) * lm_delay_ms) / 1000 : 0,
  };
}

export function judgeLoad(evidence: Evidence, terms: Terms): Judged {
  const findings: Finding[] = [];
  const all = atWork(evidence, terms, 'any');
  const peaks = evidence.phases.flatMap(({ lm }) => lm?.peak_in_flight ?? []);
  const peak = peaks.length === 0 ? null : Math.max(...peaks);
  const serialised = Math.max(1.5, SERIALISED * terms.users);
  if (all.at_work < serialised && (peak === null || peak <= serialised))
    findings.push(
      finding('blocking_call', {
        users: terms.users,
        at_work: all.at_work,
        ...(peak === null ? {} : { peak }),
      }),
    );
  else if (evidence.programs.some(({ mode }) => mode === 'sync')) {
    const sync = atWork(evidence, terms, 'sync');
    if (sync.at_work < HELD_BACK * sync.users)
      findings.push(finding('too_few_workers', { users: sync.users, at_work: sync.at_work }));
  }
  return { figures: mainFigures(evidence.records), findings, from_k6: [], from_other_side: [] };
}

export function judgeLogIntegrity({ records }: Evidence): Judged {
  const bad = records.filter(({ kind }) => kind === 'bad_input');
  const accepted = bad.filter(({ status }) => status !== null && status < 300);
  return {
    figures: mainFigures(records),
    findings:
      accepted.length === 0
        ? []
        : [finding('bad_input_accepted', { accepted: accepted.length, sent: bad.length })],
    from_k6: [],
    from_other_side: [],
  };
}
