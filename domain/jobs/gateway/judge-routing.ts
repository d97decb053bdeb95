/** routing: programs with different models at once; every answer must name its program's own. */
import type { Evidence } from './evidence.ts';
import { endOf } from './figures.ts';
import { finding, type Finding } from '../../verdict/findings.ts';
import { mainCalls, mainFigures, type Judged } from './judged.ts';
import { bareModel } from './programs.ts';
import type { GatewayRecord } from './record.ts';
import { isAnswered } from './reconcile.ts';

const CASES = 5;
const NEIGHBOURS = 4;

/** What else was in flight while this request was, other programs' first. */
function inFlightWith(record: GatewayRecord, all: readonly GatewayRecord[]): string {
  const others = all
    .filter((one) => one !== record && one.start_ms < endOf(record) && endOf(one) > record.start_ms)
    .toSorted((a, b) => Number(a.program === record.program) - Number(b.program === record.program));
  const shown = others.slice(0, NEIGHBOURS).map(({ program, request_id }) => `${program} ${request_id}`);
  const more = others.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

export function judgeRouting({ records, programs }: Evidence): Judged {
  const main = mainCalls(records);
  const answers = main.filter(isAnswered);
  const modelOf = new Map(programs.map(({ name, model }) => [name, bareModel(model)]));
  const wrong = answers.filter(({ model, program }) => model !== null && model !== modelOf.get(program));
  const unnamed = answers.filter(({ model }) => model === null);
  const crossed = answers.filter(
    ({ echoed_id, request_id }) => echoed_id !== null && echoed_id !== request_id,
  );
  const findings: Finding[] = [];
  if (wrong.length > 0)
    findings.push(
      finding(
        'context_leak',
        { wrong: wrong.length, answers: answers.length },
        {
          cases: wrong
            .slice(0, CASES)
            .map(
              (one) =>
                `${one.request_id} to ${one.program} (${modelOf.get(one.program) ?? ''}) was answered by ${one.model ?? ''}; in flight with it: ${inFlightWith(one, main)}`,
            ),
        },
      ),
    );
  if (crossed.length > 0)
    findings.push(
      finding(
        'crossed_answers',
        { crossed: crossed.length, answers: answers.length },
        {
          cases: crossed
            .slice(0, CASES)
            .map((one) => `${one.request_id} got the answer of ${one.echoed_id ?? ''}`),
        },
      ),
    );
  if (unnamed.length > 0)
    findings.push(finding('model_not_named', { unnamed: unnamed.length, answers: answers.length }));
  return {
    figures: mainFigures(records),
    findings,
    from_k6: [{ saw: 'models', answers: answers.length, wrong: wrong.length }],
    from_other_side: [],
  };
}
