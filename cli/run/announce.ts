/** What a load will do, and how long it takes: said before it is done. */
import { formatArrival, isClosed } from '../../domain/load/arrivals.ts';
import { planLoad } from '../../domain/load/counted-plan.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { presentVariants } from '../../domain/variants.ts';
import { say, type Io } from '../io.ts';
import type { Job } from '../jobs/loads.ts';
import { planInWords } from '../report/inference.ts';
import type { Server } from '../services/servers.ts';
import { loadTimeMs } from './block.ts';
import type { Ready } from './load.ts';

function loadText(settings: Settings, ramp: boolean): string {
  const { arrival, rate, from, to, step } = settings;
  if (ramp) {
    const unit = isClosed(arrival) ? 'clients' : `requests/s (${arrival.kind})`;
    return settings.search
      ? `search from ${from} to ${to} ${unit}`
      : `${from} to ${to} ${unit} by ${step}, until two steps in a row fail`;
  }
  if (isClosed(arrival)) return `${settings.vus} clients each in a closed loop`;
  return `an open load each, ${formatArrival(arrival)}${rate === null ? '' : ` at ${rate} requests/s`}`;
}

export function announce(
  io: Io,
  job: Job,
  { prepared: { settings, payloads, plan }, k6, deployment, dashboard_port }: Ready,
): void {
  const ours: readonly Server[] = presentVariants(deployment.stand_ins).flatMap(
    (variant) => deployment.stand_ins[variant] ?? [],
  );
  const row = (name: string, text: string): void => say(io, `  ${name.padEnd(9)} ${text}`);
  say(io, `k6:${job.name}: ${job.title}`);
  for (const variant of presentVariants(deployment.urls)) {
    const { label } = settingsFor(settings, variant);
    const mine = deployment.stand_ins[variant] === undefined ? '' : " (the suite's stand-in)";
    row(variant, `${deployment.urls[variant] ?? ''}${mine}${label === variant ? '' : `, ${label}`}`);
  }
  const counted = planLoad(settings);
  row(
    'load',
    counted === null
      ? `${loadText(settings, job.ramp)}, ${formatDuration(settings.warmUpMs)} warm-up, ${job.ramp ? `at most ${formatDuration(settings.holdMs)} measured a step` : `${formatDuration(settings.durationMs)} measured`}, timeout ${formatDuration(settings.timeoutMs)}`
      : planInWords(counted, settings.timeoutMs),
  );
  if (plan.blocks.length > 1) {
    const order = plan.blocks
      .slice(0, 8)
      .map(({ variants }) => variants.map((variant) => variant.charAt(0).toUpperCase()).join('+'));
    row(
      'blocks',
      `${plan.blocks.length}${plan.looks.length > 0 ? ` at most, with ${plan.looks.length} planned looks` : ''}: ${order.join(' ')}${plan.blocks.length > 8 ? ' ...' : ''}`,
    );
  }
  for (const line of payloads.left_out) row('left out', line);
  row(
    'payloads',
    `${payloads.payloads.length} (${payloads.labelled} with labels) from ${payloads.source}, seed ${settings.seed}${job.variants.length > 1 ? ', the same sequence for both variants' : ''}`,
  );
  if (settings.maxRequests !== null) row('at most', `${settings.maxRequests} requests of each variant`);
  if (settings.maxCost !== null) row('at most', `${settings.currency} ${settings.maxCost} in all`);
  row('k6', `${k6.version}${k6.extended ? '' : ' (a stock k6: the request log costs more of its speed)'}`);
  if (dashboard_port !== null) row('live', `http://127.0.0.1:${dashboard_port}`);
  if (job.ramp) {
    const { warmUpMs, holdMs, from, to, step } = settings;
    const all_ms = (Math.floor((to - from) / step) + 1) * (warmUpMs + holdMs);
    row(
      'takes',
      `${settings.search ? 'about a third of' : 'at most about'} ${formatDuration(Math.ceil(all_ms / 1000) * 1000)}`,
    );
    return;
  }
  const block_ms = plan.blocks.map(({ duration_ms }) =>
    loadTimeMs({ ...settings, durationMs: duration_ms }, job.probed),
  );
  if (block_ms.includes(null)) return row('takes', 'as long as the server takes');
  const load_ms = block_ms.reduce((sum: number, one) => sum + (one ?? 0) + plan.gap_ms, 0);
  const total_ms = load_ms + (ours.length > 0 ? settings.drainMs : 0);
  row(
    'takes',
    `${plan.looks.length > 0 || settings.maxRequests !== null ? 'at most ' : 'about '}${formatDuration(Math.ceil(total_ms / 1000) * 1000)}`,
  );
}
