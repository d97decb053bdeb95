/** Findings as numbered footnotes, referenced from the sections that they belong to. */
import type { Finding, FindingCode } from '../../../domain/verdict/findings.ts';
import { htmlText } from '../escape.ts';
import { wordFinding } from '../words.ts';

export type Place =
  | 'gates'
  | 'limits'
  | 'latency'
  | 'throughput'
  | 'capacity'
  | 'drift'
  | 'errors'
  | 'cost'
  | 'accuracy'
  | 'little'
  | 'trust'
  | 'server'
  | 'setup';

const PLACES: Readonly<Record<FindingCode, Place>> = {
  lost_requests: 'trust',
  unrecorded_requests: 'trust',
  torn_lines: 'trust',
  iterations_failed: 'trust',
  k6_disagrees: 'trust',
  no_summary: 'trust',
  cpu_saturated: 'trust',
  cpu_busy: 'trust',
  probe_delay: 'trust',
  probe_starved: 'trust',
  late_starts: 'trust',
  baseline_gone: 'errors',
  server_gone: 'errors',
  server_restarted: 'errors',
  no_answers: 'errors',
  rate_not_sent: 'trust',
  capacity_unknown: 'capacity',
  capacity_unsure: 'capacity',
  capacity_beyond: 'capacity',
  machine_gave_out: 'capacity',
  drift: 'drift',
  open_loop_throughput: 'throughput',
  same_server: 'setup',
  declared_aa: 'setup',
  interrupted: 'setup',
  stopped_for_cost: 'setup',
  k6_failed: 'setup',
  undeclared_difference: 'setup',
  short_run: 'setup',
  fallback: 'setup',
  missing_cost: 'cost',
  little_gap: 'little',
  output_length_differs: 'latency',
  prefix_cache: 'latency',
  tokens_estimated: 'latency',
  finish_differs: 'errors',
  content_filtered: 'errors',
  several_models: 'setup',
  other_model: 'setup',
  old_answers: 'latency',
  cached_answers: 'latency',
  gateway_tried_again: 'latency',
  comes_whole: 'latency',
  buffered: 'latency',
  held_back: 'latency',
  prompt_tokens_differ: 'latency',
  prompts_cut: 'latency',
  token_sources_differ: 'latency',
  resent: 'errors',
  hidden_tokens: 'latency',
  tokens_per_event: 'latency',
  odd_answers: 'errors',
  failures_left_out: 'latency',
  payloads_differ: 'accuracy',
  repeated_payloads: 'accuracy',
  few_payloads: 'accuracy',
  closed_loop_throughput: 'throughput',
  deployment_noise_unknown: 'gates',
  point_rule: 'gates',
  interval_straddles_limit: 'limits',
  requests_unsent: 'setup',
  metrics_vanished: 'server',
  metrics_absent: 'server',
  not_seen: 'limits',
};

/** The references of one section, as HTML: `1`, `4`. */
export function footnoteRefs(findings: readonly Finding[], place: string): string {
  const links = findings.flatMap(({ code }, i) =>
    PLACES[code] === place ? [`<a href="#finding-${i + 1}" aria-label="finding ${i + 1}">${i + 1}</a>`] : [],
  );
  return links.length === 0 ? '' : `<sup>${links.join(' ')}</sup>`;
}

export function findingsSection(findings: readonly Finding[]): string {
  if (findings.length === 0) return '';
  const items = findings.map((finding, i) => {
    const severity =
      finding.severity === 'note' ? '' : `<b class="${finding.severity}">${finding.severity}</b> `;
    return `<li id="finding-${i + 1}">${severity}${htmlText(wordFinding(finding))} <a class="back" href="#${PLACES[finding.code]}" aria-label="back to ${PLACES[finding.code]}">&#8617;</a></li>`;
  });
  return `<section id="findings">
<h2>Findings</h2>
<ol>
${items.join('\n')}
</ol>
</section>`;
}
