/** A load on a language model: prompts, timed answers. */
import type { Prompt } from '../../domain/load/prompt.ts';
import { SINGLE_WARM_UP_ROUNDS, singleRequests } from '../../domain/load/single.ts';
import { wireLoad, type LoadParts, type Wired } from '../load/load.ts';
import { languageModel } from '../endpoints/language-model.ts';
import { keepsAnswers } from '../load/runtime-shape.ts';
import { payloadSequence, type PayloadForm } from '../payloads.ts';
import { streamExchange } from '../steps/stream-exchange.ts';

export interface ModelLoad extends Pick<LoadParts, 'name' | 'runtime' | 'thresholds'> {
  readonly payloads: PayloadForm<Prompt, Prompt>;
  /** Each prompt so many times as the settings say, rather than for a time. */
  readonly by_rounds?: true;
}

export function modelLoad({ name, thresholds, payloads: form, by_rounds, ...of }: ModelLoad): Wired {
  const prompts = payloadSequence(of.runtime, form);
  const settings =
    by_rounds === true
      ? { ...of.runtime.settings, maxRequests: singleRequests(of.runtime.settings, prompts.count) }
      : of.runtime.settings;
  const runtime = { ...of.runtime, settings };
  return wireLoad({
    name,
    runtime,
    thresholds,
    ...(by_rounds === true ? { warm_up: { requests: SINGLE_WARM_UP_ROUNDS * prompts.count } } : {}),
    iteration: (context, target) =>
      streamExchange({
        ...context,
        endpoint: languageModel({
          target,
          settings,
          variant: context.variant,
          nonce: runtime.plan.nonce,
          keep_text: keepsAnswers(runtime),
        }),
        prompts,
        slo: settings.slo,
        trace_header: settings.traceHeader,
      }),
  });
}
