/** A load on the grammar service: labelled sentences, scored answers. */
import { wireLoad, type Wired } from '../load/load.ts';
import { grammarEndpoint } from '../endpoints/grammar.ts';
import { LABELLED, payloadSequence } from '../payloads.ts';
import type { Runtime } from '../runtime.ts';
import { exchange } from '../steps/exchange.ts';

export function grammarLoad(name: string, runtime: Runtime, thresholds: unknown): Wired {
  const { settings } = runtime;
  const payloads = payloadSequence(runtime, LABELLED);
  const source = {
    at: (index: number) => {
      const item = payloads.at(index);
      return { id: item.id, asked: item, scored: payloads.isScored(index) };
    },
  };
  return wireLoad({
    name,
    runtime,
    thresholds,
    iteration: (context, target) =>
      exchange({
        ...context,
        endpoint: grammarEndpoint(target, settings),
        source,
        trace_header: settings.traceHeader,
      }),
  });
}
