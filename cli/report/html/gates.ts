/** One line a gate: what, its change with the interval drawn against the limit, and the answer. */
import type { GateCheck } from '../../../domain/verdict/check.ts';
import type { Comparison } from '../../../domain/result/comparison.ts';
import { htmlText } from '../escape.ts';
import { integer, percent } from '../format.ts';
import { advisory, checkLabel, difference, gateInterval, gateLimit, undecided } from '../words.ts';
import { markSvg, type MarkName } from './marks.ts';

export function gatesTable(comparison: Comparison, refs: string): string {
  const { because } = comparison.verdict;
  const gates = comparison.checks.filter((check): check is GateCheck => check.kind === 'gate');
  if (gates.length === 0) return '';
  // What made the verdict first, then what else counts, then what only informs.
  const rank = (gate: GateCheck): number =>
    gate.advisory !== null ? 2 : because.includes(gate.id) ? because.indexOf(gate.id) / because.length : 1;
  const level = percent(1 - 2 * (gates[0]?.alpha ?? 0.025), 0);
  const rows = gates
    .toSorted((a, b) => rank(a) - rank(b))
    .map((gate) => row(gate, comparison.verdict.word !== 'invalid' && gate.id === because[0]));
  return `<section id="gates">
<h2>Shadow against baseline${refs}</h2>
<div class="scroll"><table class="gates">
<thead><tr><th>answer</th><th>gate</th><th class="n">change</th><th>${level} interval</th><th class="bar">against the limit</th><th>limit</th><th class="n">n</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>
${comparison.verdict.word === 'invalid' ? '<p class="caption">The run is invalid: these answers are shown to find out why, and decide nothing.</p>' : ''}
</section>`;
}

const ANSWERS: Readonly<Record<GateCheck['answer'], MarkName>> = {
  pass: 'pass',
  fail: 'fail',
  inconclusive: 'open',
};

function answerOf(gate: GateCheck): { mark: MarkName; word: string; why: string } {
  if (gate.advisory === null) return { mark: ANSWERS[gate.answer], word: gate.answer, why: undecided(gate) };
  return { mark: 'warn', word: 'advisory', why: `${gate.answer}, ${advisory(gate)}` };
}

function row(gate: GateCheck, deciding: boolean): string {
  const { mark, word, why } = answerOf(gate);
  const known = gate.interval.low !== null || gate.interval.high !== null;
  // What would be needed goes below, over the whole width: the line itself stays one line.
  const below =
    why === '' ? '' : `\n<tr class="why ${mark}"><td></td><td colspan="6">${htmlText(why)}</td></tr>`;
  return `<tr class="gate ${mark}">
<td class="answer">${markSvg(mark)} ${word}</td>
<th scope="row">${htmlText(checkLabel(gate))}${deciding ? ' <span class="tag">decides</span>' : ''}</th>
<td class="n">${htmlText(difference(gate, gate.estimate))}</td>
<td class="range">${known ? htmlText(gateInterval(gate)) : '<span class="none">none</span>'}</td>
<td class="bar">${intervalBar(gate, mark)}</td>
<td class="limit">${htmlText(gateLimit(gate))}</td>
<td class="n">${integer(gate.n)} <small>${gate.n_of}</small></td>
</tr>${below}`;
}

const WIDTH = 200;
const HEIGHT = 22;
const MIDDLE = HEIGHT / 2;

/**
 * The interval, its estimate, zero and the limit on one axis that holds them all; an open end points out of the picture.
 * What lies beyond the limit is shaded.
 */
export function intervalBar(gate: GateCheck, mark: MarkName): string {
  // The change from the baseline; an infinite figure has no place on an axis and is drawn as an open end.
  const changeOf = (value: number | null): number | null => {
    if (value === null || !Number.isFinite(value)) return null;
    return gate.scale === 'ratio' ? value - 1 : value;
  };
  const estimate = changeOf(gate.estimate);
  const low = changeOf(gate.interval.low);
  const high = changeOf(gate.interval.high);
  const limit = changeOf(gate.limit) ?? 0;
  const values = [0, limit, estimate, low, high].filter((value) => value !== null);
  const span = Math.max(...values) - Math.min(...values) || 1;
  const from = Math.min(...values) - 0.15 * span;
  const to = Math.max(...values) + 0.15 * span;
  const x = (value: number): number => Math.round(((value - from) / (to - from)) * WIDTH * 10) / 10;
  const beyond =
    gate.better === 'lower' ? { x: x(limit), width: WIDTH - x(limit) } : { x: 0, width: x(limit) };
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
  const label = `${difference(gate, gate.estimate)}, interval ${gateInterval(gate)}, limit ${gateLimit(gate)}`;
  return `<svg class="gate-bar ${mark}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${htmlText(label)}">${parts.join('')}</svg>`;
}

const tick = (at: number): string =>
  `<line class="interval" x1="${at}" x2="${at}" y1="${MIDDLE - 4}" y2="${MIDDLE + 4}"/>`;
const arrow = (at: number, inwards: 1 | -1): string =>
  `<path class="arrow" d="M${at} ${MIDDLE}l${inwards * 6} -4v8z"/>`;
