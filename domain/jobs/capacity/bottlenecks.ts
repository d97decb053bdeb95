/** Where the time goes as the load grows: the stages that the added latency is made of, and what may be said of each. */
import type { Step } from './step.ts';

/** What a figure supports; worded in cli/render/words.ts. */
export type Advice = 'add_capacity' | 'speed_up_stage' | 'reuse_connections' | 'ease_machine' | 'none';

export interface Bottleneck {
  /** A stage by the server's own name; `queue`: by its metrics; `waiting`: outside all stages, so a queue or the network; `connect`. */
  readonly stage: string;
  /** Mean of a request at the lowest and at the highest load that got answers. */
  readonly low_ms: number;
  readonly high_ms: number;
  /** Of the latency that the load added. */
  readonly share_of_growth: number;
  /** Of the latency itself, at both ends. */
  readonly low_share: number;
  readonly high_share: number;
  readonly advice: Advice;
}

export const WAITING = 'waiting';
export const CONNECT = 'connect';
/** As the server's own metrics call it. */
const QUEUE = 'queue';
const SHOWN = 3;
/** A stage must make up this share of the growth before anything is recommended for it. */
const TELLING = 0.25;
/** And the latency must have grown by this share at all. */
const GROWN = 0.1;

/** Mean ms a request spent in each part, by its answers or else by the server's metrics; what the stages leave is waiting. */
export function parts({ summary, server }: Pick<Step, 'summary' | 'server'>): ReadonlyMap<string, number> {
  const latency = summary.trends.request_duration;
  const of = new Map<string, number>();
  if (latency === undefined) return of;
  const connect_ms = summary.connect_ms ?? 0;
  let left = latency.mean - connect_ms;
  for (const { stage, mean, n } of summary.stages) {
    const ms = (mean * n) / latency.n;
    of.set(stage, ms);
    left -= ms;
  }
  for (const { stage, ms } of server?.stages ?? []) {
    if (of.has(stage)) continue;
    of.set(stage, ms);
    left -= ms;
  }
  if (connect_ms > 0) of.set(CONNECT, connect_ms);
  of.set(WAITING, Math.max(0, left));
  return of;
}

/** The top three by their share of the growth; none where the latency did not grow, or nothing is known of its parts. */
export function bottlenecks(ascending: readonly Step[]): Bottleneck[] {
  const answered = ascending.filter(({ summary, throughput }) => summary.ok > 0 && throughput !== null);
  const [low, high] = [answered[0], answered.at(-1)];
  if (low === undefined || high === undefined || low === high) return [];
  const before = parts(low);
  const after = parts(high);
  const total = (of: ReadonlyMap<string, number>): number =>
    [...of.values()].reduce((sum, ms) => sum + ms, 0);
  const [low_total, high_total] = [total(before), total(after)];
  const grown = high_total - low_total;
  if (grown <= GROWN * low_total) return [];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((stage): Bottleneck => {
      const [low_ms, high_ms] = [before.get(stage) ?? 0, after.get(stage) ?? 0];
      const share_of_growth = (high_ms - low_ms) / grown;
      return {
        stage,
        low_ms,
        high_ms,
        share_of_growth,
        low_share: low_ms / low_total,
        high_share: high_ms / high_total,
        advice: share_of_growth < TELLING ? 'none' : adviceFor(stage, high),
      };
    })
    .filter(({ share_of_growth }) => share_of_growth > 0)
    .toSorted((a, b) => b.share_of_growth - a.share_of_growth)
    .slice(0, SHOWN);
}

function adviceFor(stage: string, at: Step): Advice {
  if (!at.machine.ok) return 'ease_machine';
  if (stage === WAITING || stage === QUEUE) return 'add_capacity';
  return stage === CONNECT ? 'reuse_connections' : 'speed_up_stage';
}
