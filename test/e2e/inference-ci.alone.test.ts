// The CI files: their shape, and their shell steps executed with a stand-in for what only CI has (gh, curl).
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/inference.ts';

const WITHIN_MS = 300_000;
const read = (path: string): string[] => readFileSync(join(root, path), 'utf8').split('\n');
const indentOf = (line: string): number => line.length - line.trimStart().length;

/** The block that is written below a `key: |` or `- |`. */
function blockBelow(lines: readonly string[], at: number, indent: number): string {
  const body: string[] = [];
  for (const line of lines.slice(at + 1)) {
    if (line.trim() !== '' && indentOf(line) <= indent) break;
    body.push(line);
  }
  const least = Math.min(...body.filter((line) => line.trim() !== '').map(indentOf));
  return body.map((line) => line.slice(least)).join('\n');
}

/** `run` by the name of its step. */
function githubSteps(path: string): Map<string, string> {
  const lines = read(path);
  const steps = new Map<string, string>();
  let name = '';
  lines.forEach((line, i) => {
    name = /^\s*- name: (.*)$/.exec(line)?.[1] ?? name;
    const run = /^\s*run: (.*)$/.exec(line)?.[1];
    if (run !== undefined) steps.set(name, run === '|' ? blockBelow(lines, i, indentOf(line)) : run);
  });
  return steps;
}

/** The items of a job's `script`, as the runner joins them. */
function gitlabScript(path: string, job: string): string {
  const lines = read(path);
  const from = lines.findIndex(
    (line, i) =>
      line === '  script:' &&
      lines.slice(0, i).lastIndexOf(`${job}:`) ===
        lines.slice(0, i).findLastIndex((one) => /^[\w.]+:$/.test(one)),
  );
  const items: string[] = [];
  for (let i = from + 1; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    if (/^ {2}\S/.test(line)) break;
    const item = /^ {4}- (.*)$/.exec(line)?.[1];
    if (item !== undefined) items.push(item === '|' ? blockBelow(lines, i, 4) : item);
  }
  return items.join('\n');
}

/** A project that uses the suite, with commands of its own first on PATH. */
class Project {
  readonly path = mkdtempSync(join(tmpdir(), 'k6-shadow-ci-'));
  readonly calls = join(this.path, 'calls.log');

  constructor() {
    mkdirSync(join(this.path, 'bin'));
    const scripts = Object.fromEntries(
      ['inference', 'regress', 'reference'].map((name) => [
        name === 'inference' ? 'k6:inference' : name,
        `node ${join(root, 'cli', 'start.mjs')} ${name}`,
      ]),
    );
    writeFileSync(join(this.path, 'package.json'), JSON.stringify({ name: 'project', scripts }));
  }

  /** A command that notes how it was called, then runs `body`. */
  command(name: string, body: string): void {
    const file = join(this.path, 'bin', name);
    writeFileSync(file, `#!/bin/sh\nprintf '%s\\n' "${name} $*" >> '${this.calls}'\n${body}\n`);
    chmodSync(file, 0o755);
  }

  called(): string {
    return existsSync(this.calls) ? readFileSync(this.calls, 'utf8') : '';
  }

  /** As a runner does: bash, ended by the first command that fails. */
  async shell(script: string, env: Record<string, string>): Promise<{ code: number | null; output: string }> {
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      cwd: this.path,
      env: {
        ...process.env,
        PATH: `${join(this.path, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
        RESULTS: join(this.path, 'results'),
        REFERENCE: 'main',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, output };
  }
}

const GITHUB = 'deploy/ci/github-actions.yml';
const GITLAB = 'deploy/ci/gitlab-ci.yml';
/** The paced load lasts 16 s, since memory growth needs 15 s of looks: a limit that is not seen is not met. */
const SHORT = { REQUESTS: '100', PACE: '1600ms', SPIKE_REQUESTS: '40' };

function stepOf(path: string, name: string): string {
  const step = githubSteps(path).get(name);
  if (step === undefined) throw new Error(`${path} has no step ${name}`);
  return step;
}

describe('GitHub Actions, for users', () => {
  const project = new Project();
  const summary = join(project.path, 'step-summary.md');
  let load: { code: number | null; output: string };

  beforeAll(async () => {
    load = await project.shell(stepOf(GITHUB, 'Load'), {
      ...SHORT,
      SERVER_COMMAND: '',
      GITHUB_STEP_SUMMARY: summary,
    });
  }, WITHIN_MS);

  test('the load runs all seven, passes, and writes the step summary once', () => {
    expect(load.output).toContain('All scenarios');
    expect(load.code).toBe(0);
    const text = readFileSync(summary, 'utf8');
    expect(text.match(/^# Load suite/gm)).toHaveLength(1);
    for (const name of ['health', 'batch-generate', 'spike']) expect(text).toContain(`| ${name} |`);
  });

  test('without a reference there is nothing to hold against', { timeout: WITHIN_MS }, async () => {
    const { code, output } = await project.shell(stepOf(GITHUB, 'Regression'), { REFERENCE: 'none' });
    expect(code).toBe(0);
    expect(output).toContain('nothing to hold against');
  });

  test('with one, the gate judges, and a regression fails the step', { timeout: WITHIN_MS }, async () => {
    const saved = await project.shell('npm run reference -- save "$RESULTS/load" --name main', {});
    expect(saved.code).toBe(0);
    const same = await project.shell(stepOf(GITHUB, 'Regression'), { RULE: 'point' });
    // On a machine that is too busy to be believed the gate says so, and the step fails with 4.
    // One prompt is no payload list: its typical ratio is left out, and said to be.
    expect(same.output.replaceAll(/\s+/g, ' ')).toContain('the gate request_duration_typical is left out: ');
    const trusted = !same.output.includes("The measurement can't be trusted");
    if (trusted) expect(same.output).toContain('Every limit and every target is met');
    expect(same.code).toBe(trusted ? 0 : 4);
    // A reference from a machine that was three times as fast.
    const file = join(project.path, 'references', 'main.json');
    const faster = readFileSync(file, 'utf8').replaceAll(
      /"duration_ms": \[([\d.,]+)\]/g,
      (_, list: string) => {
        const third = list.split(',').map((value) => Number((Number(value) / 3).toPrecision(4)));
        return `"duration_ms": [${third.join(',')}]`;
      },
    );
    writeFileSync(file.replace('main', 'faster'), faster.replace('"name": "main"', '"name": "faster"'));
    const elsewhere = join(project.path, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(join(project.path, 'results', 'load'), join(elsewhere, 'load'));
    const worse = await project.shell(stepOf(GITHUB, 'Regression'), {
      RULE: 'point',
      REFERENCE: 'faster',
      RESULTS: elsewhere,
    });
    expect(worse.output).toMatch(/❌ +generate, shadow/);
    expect([1, 4]).toContain(worse.code);
  });

  test('the comment is made once, then kept up to date', { timeout: WITHIN_MS }, async () => {
    const step = stepOf(GITHUB, 'Comment');
    const env = { GITHUB_REPOSITORY: 'team/server', PULL_REQUEST: '7', GH_TOKEN: 'x' };
    project.command('gh', '');
    expect((await project.shell(step, env)).code).toBe(0);
    expect(project.called()).toMatch(
      /gh api --method POST repos\/team\/server\/issues\/7\/comments --field body=@.*comment\.md/,
    );
    expect(readFileSync(join(project.path, 'results', 'comment.md'), 'utf8')).toMatch(
      /^<!-- k6-shadow load -->\n# Load suite/,
    );
    project.command('gh', 'case "$*" in *--paginate*) echo 4711;; esac');
    expect((await project.shell(step, env)).code).toBe(0);
    expect(project.called()).toContain('gh api --method PATCH repos/team/server/issues/comments/4711');
  });

  test('a server of the user is started by their command', { timeout: WITHIN_MS }, async () => {
    const other = new Project();
    other.command('npm', 'exit 99');
    const { code } = await other.shell(stepOf(GITHUB, 'Load'), { SERVER_COMMAND: 'serve --port $PORT' });
    expect(code).toBe(99);
    expect(other.called()).toMatch(/npm run k6:inference -- --out .*\/load --start serve --port \$PORT/);
  });
});

describe('GitLab CI, for users', () => {
  const script = gitlabScript(GITLAB, 'load');
  const gitlab = {
    CI_API_V4_URL: 'https://gitlab.test/api/v4',
    CI_PROJECT_ID: '5',
    CI_MERGE_REQUEST_IID: '12',
    LOAD_NOTE_TOKEN: 'token',
    SERVER_COMMAND: '',
  };

  /** `npm` leaves a result behind, and ends as it is told; `curl` answers with these notes. */
  function project(npm_exit: number, notes: string): Project {
    const made = new Project();
    const suite = 'mkdir -p "$RESULTS/load"; echo "# Load suite x" > "$RESULTS/load/suite.md"';
    made.command('npm', `${suite}; echo '{}' > "$RESULTS/load/suite.json"; exit ${npm_exit}`);
    made.command('curl', `case "$*" in *--request*) ;; *) echo '${notes}';; esac`);
    return made;
  }

  test('a failed limit fails the job, after the note', { timeout: WITHIN_MS }, async () => {
    const made = project(99, '[]');
    const { code, output } = await made.shell(script, gitlab);
    expect(output).toBe('');
    expect(code).toBe(99);
    expect(made.called()).toContain('--request POST');
    expect(readFileSync(join(made.path, 'results', 'note.md'), 'utf8')).toContain('# Load suite x');
  });

  test(
    'a note that is there is brought up to date, and the regression gate runs',
    { timeout: WITHIN_MS },
    async () => {
      const made = project(
        0,
        '[{"id":3,"body":"other"},{"id":8,"body":"<!-- k6-shadow load -->\\\\n# old"}]',
      );
      mkdirSync(join(made.path, 'references'));
      writeFileSync(join(made.path, 'references', 'main.json'), '{}');
      const { code } = await made.shell(script, gitlab);
      expect(code).toBe(0);
      expect(made.called()).toMatch(/npm run regress -- .*\/load --against main --fail-on fail/);
      expect(made.called()).toMatch(/--request PUT .*\/merge_requests\/12\/notes\/8/);
    },
  );

  test('without a token no note is tried', { timeout: WITHIN_MS }, async () => {
    const made = project(0, '[]');
    expect((await made.shell(script, { ...gitlab, LOAD_NOTE_TOKEN: '' })).code).toBe(0);
    expect(made.called()).not.toContain('curl');
  });

  test('uses only keywords that GitLab knows', () => {
    const TOP = ['stages', 'variables', 'k6', 'load', '.on_merge_requests'];
    const JOB = [
      'rules',
      'extends',
      'stage',
      'image',
      'variables',
      'cache',
      'script',
      'before_script',
      'artifacts',
      'needs',
      'timeout',
    ];
    const lines = read(GITLAB);
    const keys = (pattern: RegExp): string[] => lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
    expect(keys(/^([\w.]+):/).filter((key) => !TOP.includes(key))).toEqual([]);
    const ofJobs = lines.slice(lines.indexOf('.on_merge_requests:'));
    const jobKeys = ofJobs.flatMap((line) => /^ {2}([\w-]+):/.exec(line)?.[1] ?? []);
    expect(jobKeys.filter((key) => !JOB.includes(key))).toEqual([]);
  });
});

describe("this repository's own workflow", () => {
  test('runs scripts that exist', () => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    );
    const commands = [...githubSteps('.github/workflows/ci.yml').values()];
    expect(commands).toContain('npm ci');
    const named = commands.flatMap((command) => /^npm (?:run )?([\w:]+)/.exec(command)?.[1] ?? []);
    for (const name of named.filter((one) => one !== 'ci')) expect(Object.keys(scripts)).toContain(name);
  });
});
