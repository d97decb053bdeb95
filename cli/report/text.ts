/** The terminal's view: what decides, then the figures, then the footnotes. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Comparison } from '../../domain/result/comparison.ts';
import { terminalText } from './escape.ts';
import { sections, type Section } from './sections.ts';
import { sentence, wordFinding } from './words.ts';
import { verdictMark } from './markdown.ts';

type Colours = ReturnType<typeof pc.createColors>;

const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: ' ',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

export function textTable(section: Section, colours: Colours = pc.createColors(false)): string {
  const numeric = section.head.map(
    (_, column) =>
      column > 0 &&
      section.rows.every((row) =>
        /^(?:-|[+-]?[\d\u202F.]+(?: (?:ms|s|%|pp))?|EUR [\d.]+|)$/.test(row[column] ?? ''),
      ),
  );
  const out = new Table({
    head: section.head.map((text) => colours.dim(text)),
    chars: BARE,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
  });
  for (const row of section.rows) out.push(row.map(terminalText));
  const title = colours.bold(section.title);
  return [
    title,
    out.toString().replace(/[ \t]+$/gm, ''),
    ...(section.note === undefined ? [] : [colours.dim(`  ${terminalText(section.note)}`)]),
  ].join('\n');
}

export function renderText(comparison: Comparison, colour: boolean): string {
  const colours = pc.createColors(colour);
  const paint = {
    pass: colours.green,
    fail: colours.red,
    inconclusive: colours.yellow,
    invalid: colours.magenta,
  }[comparison.verdict.word];
  const parts = sections(comparison)
    .filter(({ detail }) => detail !== true)
    .map((section) => textTable(section, colours));
  if (comparison.findings.length > 0) {
    const worded = comparison.findings.map((finding, i) => {
      const text = `${i + 1}. ${finding.severity === 'note' ? '' : `${finding.severity}: `}${terminalText(wordFinding(finding))}`;
      return `  ${finding.severity === 'note' ? colours.dim(text) : finding.severity === 'invalid' ? colours.magenta(text) : colours.yellow(text)}`;
    });
    parts.push([colours.bold('Findings'), ...worded].join('\n'));
  }
  return `\n${verdictMark(comparison)} ${paint(colours.bold(terminalText(sentence(comparison))))}\n\n${parts.join('\n\n')}\n`;
}
