/** error-storm: before, while the LM fails, and after. */
import type { ErrorKind } from '../../record/errors.ts';
import type { Evidence, Terms } from './evidence.ts';
import { errorRate, percentile } from './figures.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import { mainCalls, type Judged } from './judged.ts';
import type { GatewayRecord } from './record.ts';

const CASES = 3;
const details = (of: readonly GatewayRecord[]): string[] =>
  of
    .slice(0, CASES)
    .map(
      ({ request_id, status, error_detail }) =>
        `${request_id}: ${status ?? 'no answer'} ${error_detail ?? ''}`,
    );

type Kind = 'right' | 'clean' | 'html_error' | 'hang_on_error' | 'dropped' | 'wrong_answer_in_storm';

const KIND_OF: Readonly<Partial<Record<ErrorKind, Kind>>> = {
  bad_json: 'html_error',
  content_type: 'html_error',
  timeout: 'hang_on_error',
  missing_field: 'wrong_answer_in_storm',
  wrong_answer: 'wrong_answer_in_storm',
};

/** What is none of these was cut off by the transport. */
function kindOf({ error, clean_error }: GatewayRecord): Kind {
  if (error === null) return 'right';
  if (error === 'status') return clean_error === true ? 'clean' : 'html_error';
  return KIND_OF[error] ?? 'dropped';
}

function crash({ process: { before, after }, died }: Evidence, dropped: readonly GatewayRecord[]): Finding[] {
  const [from, to] = [before?.start_time_s ?? null, after?.start_time_s ?? null];
  const how =
    died !== null || (before !== null && after === null)
      ? 'died'
      : from !== null && to !== null && from !== to
        ? 'restarted'
        : dropped.length > 0
          ? 'dropped'
          : null;
  if (how === null) return [];
  return [
    finding(
      'crash_on_error',
      { how, dropped: dropped.length },
      { cases: [...(died === null || died === '' ? [] : [died.slice(-300)]), ...details(dropped)] },
    ),
  ];
}

export function judgeStorm(evidence: Evidence, { timeout_ms }: Terms): Judged {
  const { records, phases, process } = evidence;
  const storm = mainCalls(records);
  const by = new Map<Kind, GatewayRecord[]>();
  for (const record of storm) {
    const kind = kindOf(record);
    const list = by.get(kind);
    if (list === undefined) by.set(kind, [record]);
    else list.push(record);
  }
  const of = (kind: Kind): readonly GatewayRecord[] => by.get(kind) ?? [];
  const findings: Finding[] = [...crash(evidence, of('dropped'))];
  const counted = (kind: Kind) => ({ requests: of(kind).length, all: storm.length });
  const cases = (kind: Kind) => ({ cases: details(of(kind)) });
  if (of('html_error').length > 0)
    findings.push(finding('html_error', counted('html_error'), cases('html_error')));
  if (of('hang_on_error').length > 0)
    findings.push(
      finding('hang_on_error', { ...counted('hang_on_error'), timeout_ms }, cases('hang_on_error')),
    );
  if (of('wrong_answer_in_storm').length > 0)
    findings.push(
      finding('wrong_answer_in_storm', counted('wrong_answer_in_storm'), cases('wrong_answer_in_storm')),
    );
  const lm = phases.find(({ phase }) => phase === 'main')?.lm ?? null;
  if (lm !== null && lm.errors + lm.hung === 0 && storm.length > 0)
    findings.push(finding('storm_not_seen', { calls: lm.received }));
  if (lm !== null && lm.errors > 0 && of('right').length > 0)
    findings.push(
      finding('errors_hidden_by_retries', {
        right: of('right').length,
        answers: storm.length,
        errors: lm.errors,
        calls: lm.received,
      }),
    );
  const after = records.filter(({ phase, kind }) => phase === 'after' && kind === 'call');
  const [rss_before, rss_after] = [process.before?.rss_bytes ?? null, process.after?.rss_bytes ?? null];
  return {
    figures: {
      after_error_rate: errorRate(after),
      after_duration_p95: percentile(after, 0.95),
      ...(rss_before === null || rss_after === null
        ? {}
        : { memory_growth: { value: rss_after - rss_before, n: storm.length + after.length } }),
    },
    findings,
    from_k6: [
      {
        saw: 'storm',
        right: of('right').length,
        clean: of('clean').length,
        other: storm.length - of('right').length - of('clean').length,
        slowest_ms: storm.reduce((most, { duration_ms }) => Math.max(most, duration_ms), 0),
      },
    ],
    from_other_side: [{ saw: 'alive', before_bytes: rss_before, after_bytes: rss_after }],
  };
}
