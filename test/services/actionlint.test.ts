// actionlint, as its Go module: expressions, keys, and the shell in `run` (with shellcheck, where it is installed).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const ACTIONLINT = 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.7';
const FILES = ['.github/workflows/ci.yml', 'deploy/ci/github-actions.yml'];

test.for(FILES)('%s', { timeout: 180_000 }, (file) => {
  const { status, stdout, stderr } = spawnSync('go', ['run', ACTIONLINT, '-no-color', join(root, file)], {
    encoding: 'utf8',
    cwd: root,
  });
  expect(`${stdout}${stderr}`).toBe('');
  expect(status).toBe(0);
});
