/** report.html: one page that carries all it needs, asks for nothing over the network, and treats every text as data. */
import { createHash } from 'node:crypto';
import type { Comparison } from '../../domain/result/comparison.ts';
import { formatDuration } from '../../domain/text/units.ts';
import { presentVariants } from '../../domain/variants.ts';
import { capacityFigure } from './capacity.ts';
import { htmlText, scriptJson } from './escape.ts';
import { instant, integer } from './format.ts';
import type { HtmlAssets } from './html/assets.ts';
import { chartFigure, charts } from './html/charts.ts';
import { findingsSection, footnoteRefs } from './html/findings.ts';
import { gatesTable } from './html/gates.ts';
import { markSvg, type MarkName } from './html/marks.ts';
import type { Series } from '../../domain/figures/series.ts';
import { stageBars } from './html/stages.ts';
import { sectionHtml } from './html/tables.ts';
import { sections } from './sections.ts';
import { sentence, wordFinding } from './words.ts';

export type { HtmlAssets } from './html/assets.ts';

const VERDICTS: Readonly<Record<Comparison['verdict']['word'], { mark: MarkName; title: string }>> = {
  pass: { mark: 'pass', title: 'Pass' },
  fail: { mark: 'fail', title: 'Fail' },
  inconclusive: { mark: 'open', title: 'Inconclusive' },
  invalid: { mark: 'invalid', title: 'Invalid: no verdict' },
};

/** In the order of a reader's questions; what is not named here comes before. */
const LAST = ['trust', 'setup'];
/** Too wide for a column. */
const WIDE = ['capacity', 'steps', 'bottlenecks'];

/** @param series figures over time, where there are any */
export function renderHtml(comparison: Comparison, assets: HtmlAssets, series: Series | null = null): string {
  const drawn = charts(comparison, series);
  const scripts = drawn.length === 0 ? [] : [assets.uplot_js, assets.report_js];
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src ${scripts.length === 0 ? "'none'" : scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`).join(' ')}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const shown = sections(comparison);
  const tables = (wanted: (id: string) => boolean): string =>
    shown
      .filter(({ id }) => wanted(id))
      .map((section) => sectionHtml(section, footnoteRefs(comparison.findings, section.id)))
      .join('\n');
  const pictures = [capacityFigure(comparison), ...drawn.map(chartFigure), stageBars(comparison)].filter(
    (figure) => figure !== '',
  );
  const { title } = VERDICTS[comparison.verdict.word];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${htmlText(`${title} - ${comparison.run.run_id}`)}</title>
<link rel="icon" href="data:,">
<style>
${assets.uplot_css}
${assets.report_css}
</style>
</head>
<body>
<main>
${header(comparison)}
${gatesTable(comparison, footnoteRefs(comparison.findings, 'gates'))}
${tables((id) => id === 'limits' || WIDE.includes(id))}
${pictures.length === 0 ? '' : `<section id="charts">\n${pictures.join('\n')}\n</section>`}
<div class="columns">
${tables((id) => id !== 'limits' && id !== 'gates' && !WIDE.includes(id) && !LAST.includes(id))}
</div>
${findingsSection(comparison.findings)}
${tables((id) => LAST.includes(id))}
</main>
<footer>The suite reports a verdict; it promotes nothing. Percentiles are recomputed from the raw request log (type 7, as k6). Exit code ${comparison.exit_code}.</footer>
${drawn.length === 0 ? '' : `<script type="application/json" id="chart-data">${scriptJson(drawn)}</script>`}
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
}

function header(comparison: Comparison): string {
  const { run, verdict, variants, findings } = comparison;
  const { mark, title } = VERDICTS[verdict.word];
  const present = presentVariants(run.variants);
  const labels = present.map((variant) => {
    const label = run.variants[variant]?.label ?? variant;
    return `<span class="key ${variant}">${variant}</span>${label === variant ? '' : ` ${htmlText(label)}`}, n = ${integer(variants[variant]?.requests ?? 0)}`;
  });
  const facts = [
    instant(run.started_ms),
    ...(comparison.capacity === undefined || comparison.capacity === null
      ? [`${run.clients} clients${present.length > 1 ? ' each' : ''}, ${formatDuration(run.duration_ms)}`]
      : [`${run.blocks} steps`]),
    ...(run.status === 'complete' ? [] : [run.status]),
    run.run_id,
  ];
  // The sentence names the first one.
  const [, ...causes] = findings.filter(({ severity }) => severity === 'invalid');
  return `<header class="verdict ${verdict.word}" id="verdict">
${markSvg(mark)}
<div>
<h1>${title}</h1>
<p class="sentence">${htmlText(sentence(comparison))}</p>
${causes.length === 0 ? '' : `<ul class="causes">${causes.map((cause) => `<li>${htmlText(wordFinding(cause))}</li>`).join('')}</ul>`}
<p class="facts">${labels.join(' <i>against</i> ')}</p>
<p class="facts">${facts.map(htmlText).join(' · ')}</p>
</div>
</header>`;
}
