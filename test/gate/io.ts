/** The process as the gate's steps see it, with what they say kept. */
import type { Io } from '../../cli/io.ts';
import { ROOT } from '../support/suite.ts';

export interface TestIo extends Io {
  readonly said: { out: string; err: string };
}

export function testIo(
  env: Readonly<Record<string, string | undefined>> = {},
  interrupted: Io['interrupted'] = new AbortController().signal,
): TestIo {
  const said = { out: '', err: '' };
  return {
    argv: [],
    env: { ...process.env, INIT_CWD: undefined, ...env },
    cwd: ROOT,
    root: ROOT,
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    interrupted,
    said,
  };
}
