/**
 * Planned looks: one between blocks at O'Brien and Fleming's levels, where a gate's first crossing stands. Which gates
 * count is the plan's, at every look: a gate that can't be decided yet is open, and only what counts is frozen.
 */
import { obrienFlemingLevels } from '../../statistics/group-sequential.ts';
import { blocks as counts, type Check } from '../check.ts';
import type { Gate } from '../thresholds.ts';
import type { Pair } from './evaluation.ts';
import { judgeGates, type GateContext, type JudgedGates } from './judge.ts';

export type { Side } from './evaluation.ts';

export interface Looked extends JudgedGates {
  /** `decided`: the look after which everything that counts was, from 1; null: none. Null: one look, at the end. */
  readonly looks: { readonly planned: number; readonly done: number; readonly decided: number | null } | null;
}

/**
 * Always from the first look on, so that a run judged again gives the same answers.
 * @param looks after how many blocks each planned look comes
 * @param blocks how many there are
 * @param upTo both variants' first blocks, that many
 */
export function judgeLooks(
  gates: readonly Gate[],
  looks: readonly number[],
  blocks: number,
  upTo: (blocks: number) => Pair,
  context: GateContext,
): Looked {
  const levels = obrienFlemingLevels(looks.length, context.alpha);
  const crossed = new Map<string, Check>();
  let judged: JudgedGates = { checks: [], findings: [] };
  let done = 0;
  for (const [look, after] of looks.entries()) {
    if (after > blocks) break;
    done = look + 1;
    const now = judgeGates(gates, upTo(after), {
      ...context,
      alpha: levels[look] ?? context.alpha,
      final_alpha: context.alpha,
    });
    for (const check of now.checks)
      if (counts(check) && check.answer !== 'inconclusive' && !crossed.has(check.id))
        crossed.set(check.id, check);
    judged = { ...now, checks: now.checks.map((check) => crossed.get(check.id) ?? check) };
    const counted = judged.checks.filter(counts);
    const failed = counted.some(({ answer }) => answer === 'fail');
    const passed = counted.length > 0 && counted.every(({ answer }) => answer === 'pass');
    if (failed || passed) return { ...judged, looks: { planned: looks.length, done, decided: done } };
  }
  return { ...judged, looks: { planned: looks.length, done, decided: null } };
}
