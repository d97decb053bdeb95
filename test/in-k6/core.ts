/** What only k6's own engine shows of lib/ and domain/: Unicode, the payload sequence, counters, the log, the grammar endpoint. */
import { check } from 'k6';
import type { Options } from 'k6/options';
import { isRight, labels, normalise } from '../../domain/record/right-answer.ts';
import { payloadAt } from '../../domain/load/payload-order.ts';
import { grammarEndpoint } from '../../lib/endpoints/grammar.ts';
import { HAS_EXTENSIONS, readRuntime, target } from '../../lib/runtime.ts';
import { counters, now, payloadAt as payloadAtInGo, traceparent } from '../../lib/extensions.ts';
import { payloadSequence, LABELLED } from '../../lib/payloads.ts';
import { checksAsJson } from './support/checks.ts';

export const options: Options = { vus: 1, iterations: 1 };
export const handleSummary = checksAsJson;

const runtime = readRuntime({ variants: ['baseline'] });
const payloads = payloadSequence(runtime, { ...LABELLED, own: '../payloads.json' });

const holds = (name: string, value: boolean): void => void check(null, { [name]: () => value });

export default function core(): void {
  holds('composed and decomposed letters are one', normalise('e\u0301l') === normalise('\u00e9l'));
  holds('full-width letters are folded', normalise('\uff33he') === 'she');
  holds('typographic quotes are folded', isRight('It\u2019s fine!', labels(["It's fine."])));
  holds('capitals beyond ASCII are folded', isRight('\u00c9L VA', labels(['\u00e9l va'])));
  holds('Spanish closing marks are dropped', isRight('\u00bfVas?', labels(['\u00bfvas'])));
  holds('another word is wrong', !isRight('She go', labels(['She goes'])));

  const round = new Set<number>();
  for (let i = 0; i < payloads.count; i += 1) round.add(payloadAt(1, i, payloads.count));
  holds('a round asks every payload once', round.size === payloads.count && payloads.count >= 250);
  holds('the sequence depends on the index alone', payloads.at(7) === payloads.at(7));
  // The same numbers as Node's engine gives: the variants of two machines must pair.
  const sequences: [string, typeof payloadAt][] = [
    ['in JavaScript', payloadAt],
    ['in Go', payloadAtInGo],
  ];
  for (const [where, at] of sequences) {
    const places = [1, 2, 3, 20, 302, 100_000].flatMap((size) =>
      Array.from({ length: 20 }, (_, i) => at(42, i * 37, size)),
    );
    holds(`the sequence ${where} is the same as on Node`, __ENV['EXPECTED_SEQUENCE'] === places.join());
  }

  holds('the extensions are here', HAS_EXTENSIONS);
  holds(
    'a counter counts',
    counters.add('core', 2) === 2 && counters.add('core', 3) === 5 && counters.get('core') === 5,
  );
  holds('a maximum keeps the largest', counters.max('most', 3) === 3 && counters.max('most', 1) === 3);
  holds('a traceparent is W3C version 00', /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/.test(traceparent()));
  holds('every traceparent is new', traceparent() !== traceparent());
  holds('the clock is the epoch in ms', Math.abs(now() - Date.now()) < 1000);

  const endpoint = grammarEndpoint(target(runtime.settings, 'baseline'), runtime.settings);
  const item = payloads.at(0);
  const response = endpoint.send(item, traceparent());
  const reading = endpoint.read(response, item, true);
  holds('an answer is valid', reading.error === null);
  holds('its cost is read', reading.cost_eur !== null && reading.cost_eur > 0);
  holds('its stages are read', reading.stages_ms !== null && 'decode' in reading.stages_ms);
  holds('it is scored', reading.correct !== null && reading.correct_translation !== null);
  holds('it is not scored where it is not sampled', endpoint.read(response, item, false).correct === null);
}
