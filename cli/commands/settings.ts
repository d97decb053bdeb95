/** docs/settings.md, made from the table so that it can't lie. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import type { Setting } from '../../domain/settings/kinds.ts';
import { envName, flagName } from '../../domain/settings/parse.ts';
import { GROUPS } from '../../domain/settings/table.ts';
import { say, UsageError, type Io } from '../io.ts';
import { command } from '../command.ts';
import { setting, toggle } from '../../domain/settings/kinds.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

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

export function settingsCommand(io: Io, check: boolean): number {
  const path = join(io.root, 'docs', 'settings.md');
  const page = settingsPage();
  if (!check) {
    writeFileSync(path, page);
    say(io, 'docs/settings.md is written');
    return EXIT.pass;
  }
  if (!existsSync(path) || readFileSync(path, 'utf8') !== page)
    throw new UsageError(
      'docs/settings.md is not what the table of settings makes; run: npm run docs:settings',
    );
  return EXIT.pass;
}

export const settingsPageCommand = command({
  name: 'settings',
  title: 'writes docs/settings.md from the table of settings',
  hidden: true,
  options: { check: setting(toggle, false, 'fails where the page is not what the table makes') },
  run: (io, { options }) => settingsCommand(io, options.check),
});
