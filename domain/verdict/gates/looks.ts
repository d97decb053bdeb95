/**
 * Planned looks: one between blocks at O'Brien and Fleming's levels, where a gate's first crossing stands. Which gates
 * count is the plan's, at every look: a gate that can't be decided yet is open, and only what counts is frozen.
 */
import { obrienFlemingLevels } from '../../statistics/group-sequential.ts';
import type { GateCheck } from '../check.ts';
import type { Gate } from '../thresholds.ts';
import type { Pair } from './evaluation.ts';
import { judgeGates, type GateContext } from './judge.ts';

export interface Looked {
  readonly gates: readonly GateCheck[];
  /** `decided`: the look after which everything that counts was, from 1; null: none. */
  readonly looks: { readonly planned: number; readonly done: number; readonly decided: number | null };
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
  const crossed = new Map<string, GateCheck>();
  let judged: readonly GateCheck[] = [];
  let done = 0;
  for (const [look, after] of looks.entries()) {
    if (after > blocks) break;
    done = look + 1;
    const now = judgeGates(gates, upTo(after), {
      ...context,
      alpha: levels[look] ?? context.alpha,
      final_alpha: context.alpha,
    });
    for (const gate of now)
      if (gate.advisory === null && gate.answer !== 'inconclusive' && !crossed.has(gate.id))
        crossed.set(gate.id, gate);
    judged = now.map((gate) => crossed.get(gate.id) ?? gate);
    const counted = judged.filter(({ advisory }) => advisory === null);
    const failed = counted.some(({ answer }) => answer === 'fail');
    const passed = counted.length > 0 && counted.every(({ answer }) => answer === 'pass');
    if (failed || passed) return { gates: judged, looks: { planned: looks.length, done, decided: done } };
  }
  return { gates: judged, looks: { planned: looks.length, done, decided: null } };
}
