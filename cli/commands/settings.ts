/** docs/settings.md, made from the table so that it can't lie. */
import {
  SETTINGS,
  SETTING_NAMES,
  envName,
  flagName,
  type Setting,
  type SettingGroup,
} from '../../domain/settings/settings.ts';
import type { Io } from '../io.ts';
import { cell, writeOrCheck } from '../made-files.ts';

const GROUPS: Readonly<Record<SettingGroup, string>> = {
  target: 'Which servers',
  answer: "Where things stand in the server's answers",
  stream: 'Streamed answers of language models',
  load: 'The load',
  arrival: 'Open load: when requests start',
  mix: 'Mixed endpoints',
  capacity: 'Ramps and the search for capacity',
  soak: 'Soaks',
  effect: 'The effect of a feature',
  verdict: 'The verdict',
  output: 'What comes out',
  'stand-in': 'The embedded servers',
  gateway: 'The gateway suite',
  inference: "An inference server's loads",
  server: 'Starting and watching a server',
  'by-hand': 'Only by hand, with `k6 run`',
};

export function settingsPage(): string {
  const lines = [
    '# Settings',
    '',
    'Made from `domain/settings/settings.ts` by `npm run docs:settings`. Each setting is a flag (`npm run k6:shadow -- --vus 20`) and an environment',
    'variable (`VUS=20 npm run k6:shadow`, or `k6 run dist/shadow.js -e VUS=20`); the flag wins. Durations carry their unit: `500ms`, `60s`, `1m30s`.',
  ];
  for (const [group, title] of Object.entries(GROUPS)) {
    const names = SETTING_NAMES.filter((name) => SETTINGS[name].group === group);
    if (names.length === 0) continue;
    lines.push('', `## ${title}`, '', '| flag | variable | default | meaning |', '|---|---|---|---|');
    for (const name of names) {
      const setting: Setting<unknown> = SETTINGS[name];
      const shown = setting.format(setting.fallback);
      const flag =
        setting.secret === true
          ? '(variable only: it is a secret)'
          : setting.fallback === true
            ? `\`--no-${flagName(name)}\``
            : `\`--${flagName(name)}${setting.placeholder === '' ? '' : ` ${setting.placeholder}`}\``;
      lines.push(
        `| ${cell(flag)} | \`${envName(name)}\` | ${shown === '' ? '' : `\`${cell(shown)}\``} | ${cell(setting.doc)}${setting.repeatable === true ? ' (repeatable)' : ''} |`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

export const settingsCommand = (io: Io, check: boolean): number =>
  writeOrCheck(io, [{ path: 'docs/settings.md', content: settingsPage() }], 'docs:settings', check);
