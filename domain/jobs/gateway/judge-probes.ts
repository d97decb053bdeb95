/** probes: /health/live and /health/ready under full load, and while the LM is away. */
import type { Evidence } from './evidence.ts';
import { percentile } from './figures.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import type { Judged } from './judged.ts';

export function judgeProbes({ records, readiness }: Evidence): Judged {
  const live = records.filter(({ kind }) => kind === 'live');
  const ready = records.filter(({ kind }) => kind === 'ready');
  const findings: Finding[] = [];
  const failed = [...live, ...ready].filter(({ error }) => error !== null);
  if (failed.length > 0)
    findings.push(
      finding(
        'probe_failed',
        { failed: failed.length, asked: live.length + ready.length },
        { cases: failed.slice(0, 3).map(({ kind, status, error }) => `${kind}: ${status ?? error ?? ''}`) },
      ),
    );
  if (readiness !== null) {
    const { idle, without_lm } = readiness;
    const turned = without_lm !== null && without_lm.unready_after_ms !== null;
    if (without_lm !== null && without_lm.unready_after_ms === null)
      findings.push(finding('ready_always_true', { waited_ms: without_lm.waited_ms }));
    if (without_lm !== null && without_lm.live.status !== 200)
      findings.push(finding('live_turns_false', { status: String(without_lm.live.status ?? 'no answer') }));
    if (turned && without_lm.ready_again_after_ms === null)
      findings.push(finding('ready_stays_false', { waited_ms: without_lm.waited_ms }));
    if (idle.live.body === idle.ready.body && !turned) findings.push(finding('probes_alike'));
  }
  return {
    figures: { live_p95: percentile(live, 0.95), ready_p95: percentile(ready, 0.95) },
    findings,
    from_k6: [{ saw: 'probes', live: live.length, ready: ready.length }],
    from_other_side:
      readiness?.without_lm == null
        ? []
        : [
            {
              saw: 'readiness',
              unready_after_ms: readiness.without_lm.unready_after_ms,
              again_after_ms: readiness.without_lm.ready_again_after_ms,
            },
          ],
  };
}
