/** Every finding of the gate in words; the one place. */
import type { GateFinding, GateFindingCode } from '../../../domain/jobs/adapter-gate/findings.ts';

type Words = (arg: (name: string) => string, number: (name: string, digits?: number) => string) => string;

const WORDS: Readonly<Record<GateFindingCode, Words>> = {
  prometheus_failed: (arg) => `Prometheus could not be asked: ${arg('cause')}`,
  no_scrape_after: (arg) =>
    arg('metric') === ''
      ? `no scrape of ${arg('instance') || 'the target'} after the last answer was seen in time: the figures would miss the test's end; give a longer --scrape-wait, or look at the target in Prometheus`
      : `${arg('metric')} ends before the test does (${arg('series')} series): the server stopped showing it`,
  target_missing: (arg) =>
    `Prometheus scrapes no target of this job${arg('job') === '' ? '' : ` ("${arg('job')}")`}: correct --job or the scrape configuration`,
  target_down: (arg) =>
    `${arg('instance')} was down in ${arg('scrapes')} scrapes during the test${arg('cause') === '' ? '' : ` (${arg('cause')})`}`,
  no_series: (arg) =>
    arg('when') === 'before'
      ? `${arg('instance')} was not scraped before the test: what it counted then is not known`
      : `Prometheus has no samples of ${arg('metric')} for this test: does the server show it, under this job?`,
  not_a_number: (arg) => `${arg('figure')} is no number (NaN): nothing was observed in the window`,
  several_series: (arg) =>
    `the contract's question for ${arg('figure')} has ${arg('series')} answers (several engines or models): --window exact sums over them`,
  counter_reset: (arg) =>
    `${arg('metric')} fell ${arg('resets')} times during the test: the server began anew, and what it counted before is lost`,
  other_traffic: (arg) =>
    `the server ended ${arg('seen')} requests while ${arg('sent')} were sent by this test: ${arg('others')} came from others, and are in the figures`,
  unseen_requests: (arg) =>
    `the server counted ${arg('seen')} requests of ${arg('answered')} that were answered: the figures do not cover the test`,
  bad_buckets: (arg) => `${arg('metric')} has buckets that can't be read (no le)`,
  interrupted: () => 'the load was interrupted: not every prompt was sent',
  k6_failed: (arg) => `k6 did not come to its end (${arg('cause')})`,
  lost_requests: (arg) => `${arg('recorded')} of ${arg('expected')} requests are on record`,
  no_answers: (arg) => `no request was answered (${arg('failures')})`,
  baseline_incomplete: (arg) => `the baseline (${arg('baseline')}) has no ${arg('missing')}`,
  baseline_differs: (arg) =>
    `the baseline ran with another ${arg('what')} (${arg('baseline')}, this one ${arg('candidate')}): the ratios compare that as well`,
  other_gate_failed: (arg) =>
    `another gate failed version ${arg('version')} at the same time: its perf-failed stands`,
  clock_offset: (_, number) =>
    `Prometheus's clock is ${number('offset_ms', 0)} ms from this machine's; the test's times were moved by it`,
  beyond_buckets: (arg, number) =>
    `${arg('figure')} lies above the histogram's highest bound: it is at least ${number('bucket_low')} s`,
  base_model_label: (arg) =>
    `vLLM's metrics carry the base model's name (${arg('models')}), not the adapter's (${arg('adapter')}): every request to that server counts, whatever it asked for`,
  absent_gauge: (arg) => `${arg('figure')} is absent: the server, or its exporter, does not show it`,
  coarse_bucket: (arg, number) =>
    `${arg('figure')} lies in a bucket from ${number('bucket_low')} to ${number('bucket_high')} s: the truth may be anywhere in it, and a change within it can't be seen`,
  client_gap: (arg, number) =>
    `${arg('figure')}: the client measured ${number('client')} s, the server ${number('server')} s: ${
      arg('within') === 'yes'
        ? "no more apart than the server's bucket is wide"
        : `${number('gap')} s apart, beyond the server's bucket: ${arg('slower') === 'client' ? 'network, proxies and connecting lie between them' : "failed answers are in the server's figures alone"}`
    }`,
  window_dilutes: (arg, number) =>
    `over the contract's window (${arg('window')}) throughput reads ${number('contract')} req/s, over the test itself ${number('exact')}: the window holds idle time`,
  no_margin_for_success: () =>
    'the success rate against the baseline is judged by its point figure: no sample shows "not worse by anything"; --max-success-rate-drop gives a margin',
  resumed: (arg) => `goes on with run ${arg('run_id')}, which an earlier attempt began`,
};

export function wordGateFinding({ code, args }: GateFinding): string {
  const arg = (name: string): string => String(args[name] ?? '');
  const number = (name: string, digits = 3): string => {
    const value = args[name];
    return typeof value === 'number' ? String(Number(value.toFixed(digits))) : '-';
  };
  return WORDS[code](arg, number);
}
