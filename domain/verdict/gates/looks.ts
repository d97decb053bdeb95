/** When gates are judged: once at the end, or at planned looks between blocks. */
import { samples } from '../../figures/samples.ts';
import { summarise, type SummaryContext } from '../../figures/summary.ts';
import { firstBlocks } from '../../record/request-table.ts';
import type { Manifest } from '../../run/manifest.ts';
import { obrienFlemingLevels } from '../../statistics/group-sequential.ts';
import { blocks, type Check } from '../check.ts';
import type { Pair, Side } from './evaluation.ts';
import { judgeGates, type GateContext, type JudgedGates } from './judge.ts';

export type { Side } from './evaluation.ts';

export interface Looked extends JudgedGates {
  readonly looks: {
    readonly planned: number;
    readonly done: number;
    /** The look after which everything was decided, counted from 1. */
    readonly decided: number | null;
  } | null;
}

/**
 * One look at the end; or, as planned, one between blocks at O'Brien and Fleming's levels, where a gate's first crossing
 * stands. Always from the first look on, so that a run judged again gives the same answers.
 */
export function judgeLooks(
  { looks, thresholds, blocks: run }: Manifest,
  pair: Pair,
  context: SummaryContext,
  gate_context: GateContext,
): Looked {
  const { gates } = thresholds;
  if (looks.length === 0 || gates.length === 0)
    return { ...judgeGates(gates, pair, gate_context), looks: null };
  const levels = obrienFlemingLevels(looks.length, gate_context.alpha);
  const crossed = new Map<string, Check>();
  let judged: JudgedGates = { checks: [], findings: [] };
  let done = 0;
  let decided: number | null = null;
  for (const [look, after] of looks.entries()) {
    if (after > run.length || decided !== null) break;
    done = look + 1;
    const upTo = (side: Side): Side => {
      const measured = firstBlocks(side.measured, after);
      const sorted = samples(measured);
      return { measured, samples: sorted, summary: summarise(measured, sorted, context) };
    };
    const now = judgeGates(
      gates,
      { baseline: upTo(pair.baseline), shadow: upTo(pair.shadow) },
      { ...gate_context, alpha: levels[look] ?? gate_context.alpha },
    );
    for (const check of now.checks)
      if (check.answer !== 'inconclusive' && !crossed.has(check.id)) crossed.set(check.id, check);
    judged = { ...now, checks: now.checks.map((check) => crossed.get(check.id) ?? check) };
    const counted = judged.checks.filter(blocks);
    if (counted.some(({ answer }) => answer === 'fail') || counted.every(({ answer }) => answer === 'pass'))
      decided = done;
  }
  return { ...judged, looks: { planned: looks.length, done, decided } };
}
