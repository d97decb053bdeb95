/** Figures of gateway records; percentiles (type 7, as k6's own) are of right answers. */
import { quantile, sortSamples } from '../../statistics/quantiles.ts';
import type { Figure } from './limits.ts';
import type { GatewayProgram } from './programs.ts';
import type { GatewayRecord } from './record.ts';

export const right = (records: readonly GatewayRecord[]): readonly GatewayRecord[] =>
  records.filter(({ error }) => error === null);

export function errorRate(records: readonly GatewayRecord[]): Figure {
  const n = records.length;
  return { value: n === 0 ? null : (n - right(records).length) / n, n };
}

/** `p` from above 0 to 1, the maximum. */
export function percentile(records: readonly GatewayRecord[], p: number): Figure {
  const durations = Float64Array.from(right(records), ({ duration_ms }) => duration_ms);
  const samples = sortSamples(durations);
  if (!samples.ok) return { value: null, n: 0 };
  return {
    value: p === 1 ? (samples.sorted.at(-1) ?? null) : quantile(samples.sorted, p),
    n: durations.length,
  };
}

export const endOf = ({ start_ms, duration_ms }: GatewayRecord): number => start_ms + duration_ms;

/** Seconds from the first start to the last one: what a rate is over, as the users stop starting then. */
export function windowSeconds(records: readonly GatewayRecord[], planned_ms: number): number {
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const record of records) {
    from = Math.min(from, record.start_ms);
    to = Math.max(to, endOf(record));
  }
  return records.length === 0 ? 0 : Math.min(planned_ms, to - from) / 1000;
}

/** One line of a scenario's table: a program, or all programs of a mode. */
export interface GroupFigures {
  readonly group: string;
  readonly what: 'program' | 'mode' | 'all';
  readonly model: string | null;
  readonly mode: GatewayProgram['mode'];
  readonly requests: number;
  readonly right: number;
  /** Right answers a second. */
  readonly per_s: number;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly max_ms: number | null;
}

/** By program, by mode where there are several, and all together. */
export function groupFigures(
  programs: readonly GatewayProgram[],
  records: readonly GatewayRecord[],
  window_s: number,
): GroupFigures[] {
  const row = (
    group: string,
    what: GroupFigures['what'],
    names: ReadonlySet<string>,
    of: Pick<GroupFigures, 'model' | 'mode'>,
  ): GroupFigures => {
    const mine = records.filter(({ program }) => names.has(program));
    const good = right(mine);
    return {
      group,
      what,
      ...of,
      requests: mine.length,
      right: good.length,
      per_s: window_s > 0 ? good.length / window_s : 0,
      p50_ms: percentile(mine, 0.5).value,
      p95_ms: percentile(mine, 0.95).value,
      max_ms: percentile(mine, 1).value,
    };
  };
  const modes = (['async', 'sync'] as const).filter((mode) => programs.some((one) => one.mode === mode));
  return [
    ...programs.map(({ name, model, mode }) => row(name, 'program', new Set([name]), { model, mode })),
    ...(modes.length > 1
      ? modes.map((mode) =>
          row(
            `all ${mode}`,
            'mode',
            new Set(programs.filter((one) => one.mode === mode).map(({ name }) => name)),
            { model: null, mode },
          ),
        )
      : []),
    row('all', 'all', new Set(programs.map(({ name }) => name)), { model: null, mode: null }),
  ];
}
