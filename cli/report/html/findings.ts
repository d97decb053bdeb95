/** Findings as numbered footnotes, referenced from the sections that they belong to. */
import { htmlText } from '../escape.ts';
import { allFindings, type Report } from '../report.ts';
import { topicOf, wordFinding } from '../words/findings.ts';

/** The references of one section, as HTML: `1`, `4`. A part's findings stand for themselves. */
export function footnoteRefs(report: Report, section: string): string {
  const links = allFindings(report).flatMap(({ finding, part }, i) =>
    part === null && topicOf(finding) === section
      ? [`<a href="#finding-${i + 1}" aria-label="finding ${i + 1}">${i + 1}</a>`]
      : [],
  );
  return links.length === 0 ? '' : `<sup>${links.join(' ')}</sup>`;
}

export function findingsSection(report: Report): string {
  const findings = allFindings(report);
  if (findings.length === 0) return '';
  const ids = report.sections.map(({ id }) => id);
  const items = findings.map(({ finding, part }, i) => {
    const { severity, cases } = finding;
    const topic = topicOf(finding);
    const said = severity === 'note' ? '' : `<b class="${severity}">${severity}</b> `;
    const back =
      part === null && ids.includes(topic)
        ? ` <a class="back" href="#${topic}" aria-label="back to ${topic}">&#8617;</a>`
        : '';
    const shown = cases.map((one) => `<li>${htmlText(one)}</li>`).join('');
    return `<li id="finding-${i + 1}">${part === null ? '' : `${htmlText(part)}: `}${said}${htmlText(wordFinding(finding))}${back}${shown === '' ? '' : `<ul class="cases">${shown}</ul>`}</li>`;
  });
  return `<section id="findings">
<h2>Findings</h2>
<ol>
${items.join('\n')}
</ol>
</section>`;
}
