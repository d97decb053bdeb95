/** A report as markdown: the sentence, the tables, the footnotes. */
import { markdownText } from './escape.ts';
import { allFindings, type Report } from './report.ts';
import { wholeRows, type Section } from './section.ts';
import { wordFinding } from './words/findings.ts';
import { MARKS, VERDICT_MARKS } from './words/marks.ts';
import { capital } from './words/verdict.ts';

const line = (cells: readonly string[]): string => `| ${cells.map(markdownText).join(' | ')} |`;

export function markdownTable(section: Section): string {
  const { title, head, note } = section;
  const lines = [
    `## ${markdownText(title)}`,
    '',
    line(head),
    `|${head.map(() => '---').join('|')}|`,
    ...wholeRows(section).map(line),
  ];
  if (note !== undefined) lines.push('', `${markdownText(capital(note))}.`);
  return lines.join('\n');
}

/** The parts that have a page of their own. */
function partsList({ parts }: Report): string[] {
  const rows = parts.flatMap(({ judgement: { name, word, sentence }, href }) =>
    href === null
      ? []
      : `| ${MARKS[VERDICT_MARKS[word]]} | [${markdownText(name)}](${encodeURI(href)}) | ${word} | ${markdownText(sentence)} |`,
  );
  if (rows.length === 0) return [];
  return [['## Parts', '', '|  | part | verdict | why |', '|---|---|---|---|', ...rows].join('\n')];
}

/** Setup stands early in the file, as a reader of an old run needs it; the verdict's line is above it all. */
const ORDER: readonly string[] = ['gates', 'setup', 'limits'];

export function renderMarkdown(report: Report): string {
  const rank = ({ id }: Section): number => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length);
  const findings = allFindings(report).map(({ finding, part }, i) => {
    const of = part === null ? '' : `${markdownText(part)}: `;
    const severity = finding.severity === 'note' ? '' : `**${finding.severity}**: `;
    return [
      `${i + 1}. ${of}${severity}${markdownText(wordFinding(finding))}`,
      ...finding.cases.map((one) => `   - ${markdownText(one)}`),
    ].join('\n');
  });
  return `${[
    `# ${markdownText(report.title)}: ${report.word}`,
    `${MARKS[VERDICT_MARKS[report.word]]} **${markdownText(report.sentence)}**`,
    ...partsList(report),
    ...report.sections.toSorted((a, b) => rank(a) - rank(b)).map(markdownTable),
    ...(findings.length === 0 ? [] : [['## Findings', '', ...findings].join('\n')]),
    ...(report.unseen.length === 0
      ? []
      : [['## Not seen', '', ...report.unseen.map((one) => `- ${markdownText(one)}`)].join('\n')]),
    ...(report.closing === '' ? [] : [report.closing]),
  ].join('\n\n')}\n`;
}
