/** docs/settings.md, made from the table so that it can't lie. */
import type { Setting } from '../../domain/settings/kinds.ts';
import { setting, toggle } from '../../domain/settings/kinds.ts';
import { envName, flagName } from '../../domain/settings/parse.ts';
import { GROUPS } from '../../domain/settings/table.ts';
import { command } from '../command.ts';
import { cell, writeOrCheck } from '../made-files.ts';

export function settingsPage(): string {
  const lines = [
    '# Settings',
    '',
    'Made from `domain/settings/table.ts` by `npm run docs:settings`. Each setting is a flag (`npm run k6:shadow -- --vus 20`) and an environment',
    'variable (`VUS=20 npm run k6:shadow`, or `k6 run dist/shadow.js -e VUS=20`); the flag wins. Durations carry their unit: `500ms`, `60s`, `1m30s`.',
  ];
  for (const { title, settings: table } of Object.values(GROUPS)) {
    lines.push('', `## ${title}`, '', '| flag | variable | default | meaning |', '|---|---|---|---|');
    for (const [name, of] of Object.entries<Setting<unknown>>(table)) {
      const shown = of.format(of.fallback);
      const flag =
        of.secret === true
          ? '(variable only: it is a secret)'
          : of.fallback === true
            ? `\`--no-${flagName(name)}\``
            : `\`--${flagName(name)}${of.placeholder === '' ? '' : ` ${of.placeholder}`}\``;
      lines.push(
        `| ${cell(flag)} | \`${envName(name)}\` | ${shown === '' ? '' : `\`${cell(shown)}\``} | ${cell(of.doc)}${of.repeatable === true ? ' (repeatable)' : ''} |`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

export const settingsPageCommand = command({
  name: 'settings',
  title: 'writes docs/settings.md from the table of settings',
  hidden: true,
  options: { check: setting(toggle, false, 'fails where the page is not what the table makes') },
  run: (io, { options }) =>
    writeOrCheck(io, [{ path: 'docs/settings.md', content: settingsPage() }], 'docs:settings', options.check),
});
