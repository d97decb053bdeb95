/** One line a gate: what, its change with the interval drawn against the limit, and the answer. */
import { lowerIsBetter, type Check } from '../../../domain/verdict/check.ts';
import { htmlText } from '../escape.ts';
import { integer } from '../format.ts';
import type { Report } from '../report.ts';
import type { Section, ShownGate } from '../section.ts';
import { checkBound, checkInterval, checkLabel, checkValue } from '../words/checks.ts';
import { shownAnswer, type MarkName } from '../words/marks.ts';
import { capital } from '../words/verdict.ts';
import { markSvg } from './marks.ts';
import { key } from './sides.ts';

export function gatesTable(
  report: Report,
  section: Section,
  gates: readonly ShownGate[],
  refs: string,
): string {
  const { note } = section;
  const several = new Set(gates.map(({ check }) => check.subject.variant)).size > 1;
  const places = new Map(report.sides.map(({ variant }, place) => [variant, place]));
  const rows = gates.map((gate, i) => row(gate, section.below?.[i] ?? '', several ? places : null));
  return `<section id="${section.id}">
<h2>${htmlText(report.title)}${refs}</h2>
<div class="scroll"><table class="gates">
<thead><tr><th>answer</th><th>gate</th>${several ? '<th>candidate</th>' : ''}<th class="n">change</th><th>interval</th><th class="bar">against the limit</th><th>limit</th><th class="n">n</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>
${note === undefined ? '' : `<p class="caption">${htmlText(capital(note))}.</p>`}
</section>`;
}

/**
 * @param told what stands below the row
 * @param places of the variants where there are several candidates, whose name each row then has
 */
function row(gate: ShownGate, told: string, places: ReadonlyMap<string, number> | null): string {
  const { check, decides } = gate;
  const shown = shownAnswer(gate);
  const { mark } = shown;
  const informs = gate.judged && check.role !== 'blocks';
  const word = informs ? 'advisory' : shown.word;
  const why = informs ? `${shown.word}, ${told}` : told;
  const interval = checkInterval(check);
  const known = check.interval !== null && (check.interval.low !== null || check.interval.high !== null);
  const variant = check.subject.variant ?? '';
  const candidate = places === null ? '' : `\n<td>${key(variant, places.get(variant) ?? 0)}</td>`;
  // What would be needed goes below, over the whole width: the line itself stays one line.
  const below =
    why === ''
      ? ''
      : `\n<tr class="why ${mark}"><td></td><td colspan="${places === null ? 6 : 7}">${htmlText(why)}</td></tr>`;
  return `<tr class="gate ${mark}">
<td class="answer">${markSvg(mark)} ${htmlText(word)}</td>
<th scope="row">${htmlText(checkLabel(check))}${decides ? ' <span class="tag">decides</span>' : ''}</th>${candidate}
<td class="n">${htmlText(checkValue(check))}</td>
<td class="range">${known ? htmlText(interval) : '<span class="none">none</span>'}</td>
<td class="bar">${intervalBar(check, mark)}</td>
<td class="limit">${htmlText(checkBound(check))}</td>
<td class="n">${integer(check.n)} <small>${check.n_of}</small></td>
</tr>${below}`;
}

const WIDTH = 200;
const HEIGHT = 22;
const MIDDLE = HEIGHT / 2;

/**
 * The interval, its estimate, zero and the limit on one axis that holds them all; an open end points out of the picture.
 * What lies beyond the limit is shaded.
 */
export function intervalBar(gate: Check, mark: MarkName): string {
  // The change from the baseline; an infinite figure has no place on an axis and is drawn as an open end.
  const changeOf = (value: number | null | undefined): number | null => {
    if (value === null || value === undefined || !Number.isFinite(value)) return null;
    return gate.scale === 'ratio' ? value - 1 : value;
  };
  const estimate = changeOf(gate.value);
  const low = changeOf(gate.interval?.low);
  const high = changeOf(gate.interval?.high);
  const limit = changeOf(gate.limit) ?? 0;
  const values = [0, limit, estimate, low, high].filter((value) => value !== null);
  const span = Math.max(...values) - Math.min(...values) || 1;
  const from = Math.min(...values) - 0.15 * span;
  const to = Math.max(...values) + 0.15 * span;
  const x = (value: number): number => Math.round(((value - from) / (to - from)) * WIDTH * 10) / 10;
  const beyond = lowerIsBetter(gate.op)
    ? { x: x(limit), width: WIDTH - x(limit) }
    : { x: 0, width: x(limit) };
  const parts = [
    `<rect class="beyond" x="${beyond.x}" y="0" width="${beyond.width.toFixed(1)}" height="${HEIGHT}"/>`,
    `<line class="zero" x1="${x(0)}" x2="${x(0)}" y1="3" y2="${HEIGHT - 3}"/>`,
    `<line class="edge" x1="${x(limit)}" x2="${x(limit)}" y1="0" y2="${HEIGHT}"/>`,
  ];
  if (low !== null || high !== null) {
    const left = low === null ? 0 : x(low);
    const right = high === null ? WIDTH : x(high);
    parts.push(`<line class="interval" x1="${left}" x2="${right}" y1="${MIDDLE}" y2="${MIDDLE}"/>`);
    parts.push(low === null ? arrow(0, 1) : tick(left), high === null ? arrow(WIDTH, -1) : tick(right));
  }
  if (estimate !== null) parts.push(`<circle class="estimate" cx="${x(estimate)}" cy="${MIDDLE}" r="4"/>`);
  const label = `${checkValue(gate)}, interval ${checkInterval(gate)}, limit ${checkBound(gate)}`;
  return `<svg class="gate-bar ${mark}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${htmlText(label)}">${parts.join('')}</svg>`;
}

const tick = (at: number): string =>
  `<line class="interval" x1="${at}" x2="${at}" y1="${MIDDLE - 4}" y2="${MIDDLE + 4}"/>`;
const arrow = (at: number, inwards: 1 | -1): string =>
  `<path class="arrow" d="M${at} ${MIDDLE}l${inwards * 6} -4v8z"/>`;
