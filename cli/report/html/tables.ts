/** The tables that the terminal and markdown show too, as HTML. */
import { htmlText } from '../escape.ts';
import type { Section } from '../sections.ts';
import { markOf, markSvg } from './marks.ts';

/** Longer cells may wrap. */
const SHORT = 18;
const FIGURE = /^(?:-|[+-]?[\d\u202F.]+(?:\s?(?:ms|s|%|pp|\/s))?|EUR [\d.]+|)$/;

/** @param refs footnote references, as HTML */
export function sectionHtml(section: Section, refs: string): string {
  const { id, title, note } = section;
  return `<section id="${id}">
<h2>${htmlText(title)}${refs}</h2>
${table(section)}
${note === undefined ? '' : `<p class="caption">${htmlText(note.charAt(0).toUpperCase() + note.slice(1))}.</p>`}
</section>`;
}

function table({ head, rows }: Section): string {
  const numeric = head.map((_, column) => column > 0 && rows.every((row) => FIGURE.test(row[column] ?? '')));
  const heads = head.map((name, column) => {
    const inner =
      name === 'baseline' || name === 'shadow' ? `<span class="key ${name}">${name}</span>` : htmlText(name);
    return `<th${numeric[column] === true ? ' class="n"' : ''}>${inner}</th>`;
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
