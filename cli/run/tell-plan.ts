/** Says, once the warm-up is over, which gates the run can decide: before the first measured request has its answer. */
import { existsSync, readFileSync } from 'node:fs';
import type { Settings } from '../../domain/settings/settings.ts';
import { candidatesOf } from '../../domain/variants.ts';
import type { Manifest } from '../../domain/run/manifest.ts';
import { planOf } from '../../domain/verdict/run-plan.ts';
import { say, type Io } from '../io.ts';
import { readWarmUp } from '../read/run.ts';
import { terminalText } from '../report/escape.ts';
import { planInWords } from '../report/words/plan.ts';

const PERIOD_MS = 250;
const MEASURED = '"phase":"measured"';

export interface ToldPlan {
  stop(): void;
}

/** Looks at the growing log until the first measured request stands in it; then says the plan, and stops by itself. */
export function tellPlan(io: Io, log: string, manifest: Manifest, settings: Settings): ToldPlan {
  const candidates = candidatesOf(manifest.variants);
  const { gates } = manifest.thresholds;
  const tell = (): void => {
    const warm_up = readWarmUp([log], manifest);
    for (const candidate of candidates) {
      const plan = planOf(manifest, settings, warm_up, candidate);
      if (plan === null) continue;
      if (candidates.length > 1) say(io, `  ${terminalText(candidate)}:`);
      for (const line of planInWords(gates, plan, settings.require)) say(io, `  ${terminalText(line)}`);
    }
  };
  const timer = setInterval(() => {
    if (!existsSync(log) || !readFileSync(log).includes(MEASURED)) return;
    clearInterval(timer);
    // The plan is a courtesy here: the report has it, made anew from the whole log.
    try {
      tell();
    } catch (error) {
      say(io, `  what this run can decide could not be told: ${String(error)}`);
    }
  }, PERIOD_MS);
  if (gates.length === 0 || candidates.length === 0) clearInterval(timer);
  return { stop: () => clearInterval(timer) };
}
