/** comparison.md: the sentence, the tables, the footnotes. */
import type { Comparison } from '../../domain/result/comparison.ts';
import { markdownText } from './escape.ts';
import { MARKS, sentence, wordFinding } from './words.ts';
import { sections, type Section } from './sections.ts';

const line = (cells: readonly string[]): string => `| ${cells.map(markdownText).join(' | ')} |`;

export function markdownTable({ title, head, rows, note }: Section): string {
  const lines = [`## ${title}`, '', line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
  if (note !== undefined) lines.push('', markdownText(note.charAt(0).toUpperCase() + note.slice(1)) + '.');
  return lines.join('\n');
}

export const verdictMark = (comparison: Comparison): string =>
  ({ pass: MARKS.pass, fail: MARKS.fail, inconclusive: MARKS.open, invalid: MARKS.warn })[
    comparison.verdict.word
  ];

export function renderMarkdown(comparison: Comparison): string {
  const parts = [
    `# ${comparison.variants['shadow'] === undefined ? 'Baseline' : 'Shadow against baseline'}: ${comparison.verdict.word}`,
    `${verdictMark(comparison)} **${markdownText(sentence(comparison))}**`,
  ];
  // Setup stands first in the file, as a reader of an old run needs it; the verdict's line is above it all.
  const all = sections(comparison);
  const order = ['gates', 'setup', 'limits'];
  const rank = (section: Section): number =>
    order.includes(section.id) ? order.indexOf(section.id) : order.length;
  parts.push(...all.toSorted((a, b) => rank(a) - rank(b)).map(markdownTable));
  if (comparison.findings.length > 0) {
    parts.push(
      [
        '## Findings',
        '',
        ...comparison.findings.map(
          (finding, i) =>
            `${i + 1}. ${finding.severity === 'note' ? '' : `**${finding.severity}**: `}${markdownText(wordFinding(finding))}`,
        ),
      ].join('\n'),
    );
  }
  parts.push(
    'The suite reports a verdict; it promotes nothing. Percentiles are recomputed from `requests.jsonl` (type 7, as k6).',
  );
  return `${parts.join('\n\n')}\n`;
}
