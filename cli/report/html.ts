/** report.html: one page that carries all it needs, asks for nothing over the network, and treats every text as data. */
import { createHash } from 'node:crypto';
import type { VerdictWord } from '../../domain/verdict/check.ts';
import { htmlText, scriptJson } from './escape.ts';
import { integer } from './format.ts';
import { chartFigure, type Chart } from './html/charts.ts';
import { findingsSection, footnoteRefs } from './html/findings.ts';
import { gatesTable } from './html/gates.ts';
import { markSvg } from './html/marks.ts';
import { key } from './html/sides.ts';
import { sectionHtml } from './html/tables.ts';
import type { Figure, Report, Reporter } from './report.ts';
import type { Section } from './section.ts';
import { wordFinding } from './words/findings.ts';
import { VERDICT_MARKS } from './words/marks.ts';
import { invalidCause } from './words/verdict.ts';

const TITLES: Readonly<Record<VerdictWord, string>> = {
  pass: 'Pass',
  fail: 'Fail',
  inconclusive: 'Inconclusive',
  invalid: 'Invalid: no verdict',
};

const verdictMark = (word: VerdictWord): string =>
  markSvg(word === 'invalid' ? 'invalid' : VERDICT_MARKS[word]);

/** In the order of a reader's questions. */
const LAST: readonly string[] = ['trust', 'setup'];

const isChart = (figure: Figure): figure is Chart => !('svg' in figure);

export const renderHtml: Reporter = (report, { assets }) => {
  const drawn = report.figures.filter(isChart);
  const scripts = drawn.length === 0 ? [] : [assets.uplot_js, assets.report_js];
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src ${scripts.length === 0 ? "'none'" : scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`).join(' ')}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const places = new Map(report.sides.map(({ variant }, place) => [variant, place]));
  const shown = (section: Section): string => {
    const refs = footnoteRefs(report, section.id);
    return section.gates === undefined
      ? sectionHtml(section, refs, places)
      : gatesTable(report, section, section.gates, refs);
  };
  const tables = (wanted: (section: Section) => boolean): string =>
    report.sections.filter(wanted).map(shown).join('\n');
  const last = ({ id }: Section): boolean => LAST.includes(id);
  const wide = (section: Section): boolean => section.wide === true && !last(section);
  const pictures = report.figures.map((figure) => (isChart(figure) ? chartFigure(figure) : figure.svg));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${htmlText(`${TITLES[report.word]} - ${report.run_id}`)}</title>
<link rel="icon" href="data:,">
<style>
${assets.uplot_css}
${assets.report_css}
</style>
</head>
<body>
<main>
${header(report)}
${partsIndex(report)}
${tables(wide)}
${pictures.length === 0 ? '' : `<section id="charts">\n${pictures.join('\n')}\n</section>`}
<div class="columns">
${tables((section) => !wide(section) && !last(section))}
</div>
${findingsSection(report)}
${unseen(report)}
${tables(last)}
</main>
<footer>The suite reports a verdict; it promotes nothing. Percentiles are recomputed from the raw request log (type 7, as k6). Exit code ${report.exit_code}.</footer>
${drawn.length === 0 ? '' : `<script type="application/json" id="chart-data">${scriptJson(drawn)}</script>`}
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
};

function header({ word, sentence, findings, sides, facts }: Report): string {
  const labels = sides.map(
    ({ variant, label, requests }, place) =>
      `${key(variant, place)}${label === variant ? '' : ` ${htmlText(label)}`}, n = ${integer(requests)}`,
  );
  // The sentence names one of them.
  const named = invalidCause(findings);
  const causes = findings.filter((one) => one.severity === 'invalid' && one !== named);
  return `<header class="verdict ${word}" id="verdict">
${verdictMark(word)}
<div>
<h1>${TITLES[word]}</h1>
<p class="sentence">${htmlText(sentence)}</p>
${causes.length === 0 ? '' : `<ul class="causes">${causes.map((cause) => `<li>${htmlText(wordFinding(cause))}</li>`).join('')}</ul>`}
${labels.length === 0 ? '' : `<p class="facts">${labels.join(' <i>against</i> ')}</p>`}
<p class="facts">${facts.map(htmlText).join(' · ')}</p>
</div>
</header>`;
}

/** Each part that has a page, with its verdict and a link to it; and what did not run. */
function partsIndex({ parts, not_run }: Report): string {
  const lines = parts.flatMap(({ judgement: { name, word, sentence }, href }) =>
    href === null
      ? []
      : `<li class="${word}">${verdictMark(word)} <a href="${htmlText(encodeURI(href))}">${htmlText(name)}</a> <b>${word}</b> ${htmlText(sentence)}</li>`,
  );
  if (lines.length === 0) return '';
  const left_out = not_run.map(
    ({ name, reason }) =>
      `<li class="inconclusive">${markSvg('open')} ${htmlText(name)} <b>not run</b> ${htmlText(reason)}</li>`,
  );
  return `<section id="parts">
<h2>Parts</h2>
<ul class="parts">
${[...lines, ...left_out].join('\n')}
</ul>
</section>`;
}

function unseen({ unseen: lines }: Report): string {
  if (lines.length === 0) return '';
  return `<section id="unseen">
<h2>Not seen</h2>
<ul>${lines.map((line) => `<li>${htmlText(line)}</li>`).join('')}</ul>
</section>`;
}
