/** A load on several endpoints: each request asks the one that its place in the sequence says. */
import { mixed, mixedAt, type Mixable } from '../../domain/load/mix.ts';
import { wireLoad, type Iteration, type Wired } from '../load/load.ts';
import { grammarEndpoint } from '../endpoints/grammar.ts';
import { languageModel } from '../endpoints/language-model.ts';
import { iterationIndex } from '../extensions.ts';
import { keepsAnswers } from '../load/runtime-shape.ts';
import { LABELLED, PROMPTS, payloadSequence } from '../payloads.ts';
import type { Runtime, Target } from '../runtime.ts';
import { exchange } from '../steps/exchange.ts';
import type { StepContext } from '../steps/measured.ts';
import { streamExchange } from '../steps/stream-exchange.ts';

type Make = (context: StepContext, target: Target) => Iteration;

export function mixedLoad(name: string, runtime: Runtime, thresholds: unknown): Wired {
  const { settings } = runtime;
  const { mix, seed } = settings;
  const makers = new Map(mixed(mix).map((one): [Mixable, Make] => [one, maker(one, runtime)]));
  return wireLoad({
    name,
    runtime,
    thresholds,
    iteration(context, target) {
      const iterations = new Map(
        [...makers].map(([one, make]) => [one, make({ ...context, of_mix: one }, target)]),
      );
      return () => iterations.get(mixedAt(mix, seed, iterationIndex()))?.();
    },
  });
}

function maker(endpoint: Mixable, runtime: Runtime): Make {
  const { settings, plan } = runtime;
  const { traceHeader: trace_header } = settings;
  if (endpoint === 'grammar') {
    // The run's own payloads are prompts: the labelled sentences are the suite's.
    const payloads = payloadSequence({ ...runtime, plan: { ...plan, payloads_file: null } }, LABELLED);
    const source = {
      at: (index: number) => {
        const item = payloads.at(index);
        return { id: item.id, asked: item, scored: payloads.isScored(index) };
      },
    };
    return (context, target) =>
      exchange({ ...context, endpoint: grammarEndpoint(target, settings), source, trace_header });
  }
  const prompts = payloadSequence(runtime, PROMPTS);
  return (context, target) =>
    streamExchange({
      ...context,
      endpoint: languageModel({
        target,
        settings: { ...settings, api: endpoint, apiPath: null },
        variant: context.variant,
        nonce: plan.nonce,
        keep_text: keepsAnswers(runtime),
      }),
      prompts,
      slo: settings.slo,
      trace_header,
    });
}
