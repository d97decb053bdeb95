/** A closed load on a language model: prompts, timed answers. */
import type { Prompt } from '../domain/prompt.ts';
import { closedLoad, type ClosedLoad, type Wired } from './closed-load.ts';
import { languageModel } from './endpoints/language-model.ts';
import { payloadSequence, type PayloadForm } from './payloads.ts';
import { streamExchange } from './steps/stream-exchange.ts';

export interface ModelLoad extends Omit<ClosedLoad, 'iteration'> {
  readonly payloads: PayloadForm<Prompt, Prompt>;
}

export function modelLoad(of: ModelLoad): Wired {
  const { settings, plan } = of.runtime;
  const prompts = payloadSequence(of.runtime, of.payloads);
  return closedLoad({
    ...of,
    iteration: (context, target) =>
      streamExchange({
        ...context,
        endpoint: languageModel({ target, settings, variant: context.variant, nonce: plan.nonce }),
        prompts,
        slo: settings.slo,
        trace_header: settings.traceHeader,
      }),
  });
}
