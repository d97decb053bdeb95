/** A shell over a function: arguments and streams in, an exit code out. Every refusal is worded; only our own bugs show a stack. */
import { BadValue } from '../domain/text/units.ts';
import { EXIT } from '../domain/verdict/exit-codes.ts';
import { runCommand } from './commands.ts';
import { Interrupted, UsageError, type Io } from './io.ts';

export async function main(io: Io): Promise<number> {
  try {
    return await runCommand(io);
  } catch (error) {
    if (error instanceof Interrupted) {
      io.stderr.write('interrupted\n');
      return EXIT.interrupted;
    }
    if (error instanceof UsageError || error instanceof BadValue) {
      io.stderr.write(`error: ${error.message}\n`);
      return EXIT.bad_input;
    }
    const full = diskProblem(error);
    if (full !== null) {
      io.stderr.write(`error: ${full}\n`);
      return EXIT.bad_input;
    }
    io.stderr.write(
      `This is a bug of the suite, please report it:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return EXIT.our_bug;
  }
}

const DISK: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'no permission',
};

function diskProblem(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  const what = DISK[error.code];
  return what === undefined
    ? null
    : `${what}: ${error.message}; free some room or give another --out, then run again`;
}
