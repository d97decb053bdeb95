/** The tables that the terminal and markdown show too, as HTML. */
import { htmlText } from '../escape.ts';
import { wholeRows, type Section } from '../section.ts';
import { capital } from '../words/verdict.ts';
import { markOf, markSvg } from './marks.ts';
import { key } from './sides.ts';

/** Longer cells may wrap. */
const SHORT = 18;
const FIGURE = /^(?:-|[+-]?[\d\u202F.]+(?:\s?(?:ms|s|%|pp|\/s))?|[^\s\d]{1,8} [\d.]+|)$/;

/**
 * @param refs footnote references, as HTML
 * @param places of the variants: a head that is one of their names has its colour
 */
export function sectionHtml(section: Section, refs: string, places: ReadonlyMap<string, number>): string {
  const { id, title, note } = section;
  return `<section id="${id}">
<h2>${htmlText(title)}${refs}</h2>
${table(section, places)}
${note === undefined ? '' : `<p class="caption">${htmlText(capital(note))}.</p>`}
</section>`;
}

function table(section: Section, places: ReadonlyMap<string, number>): string {
  const { head } = section;
  const rows = wholeRows(section);
  const numeric = head.map((_, column) => column > 0 && rows.every((row) => FIGURE.test(row[column] ?? '')));
  const heads = head.map((name, column) => {
    const place = places.get(name);
    return `<th${numeric[column] === true ? ' class="n"' : ''}>${place === undefined ? htmlText(name) : key(name, place)}</th>`;
  });
  const body = rows.map(
    (row) => `<tr>${row.map((cell, column) => tableCell(cell, numeric[column] === true)).join('')}</tr>`,
  );
  return `<div class="scroll"><table>
<thead><tr>${heads.join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody></table></div>`;
}

function tableCell(cell: string, numeric: boolean): string {
  const mark = markOf(cell);
  if (mark !== null) return `<td>${markSvg(mark)}</td>`;
  const kind = numeric ? ' class="n"' : cell.length <= SHORT ? ' class="short"' : '';
  return `<td${kind}>${htmlText(cell)}</td>`;
}
