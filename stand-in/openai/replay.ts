/**
 * Answers as other servers sent them: a folder of captures, each NAME.http (the bytes of one HTTP answer, head and body as they
 * were on the wire) and, beside it, NAME.json for what bytes can't say.
 */
import { readFileSync, readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import * as v from 'valibot';
import { BadValue } from '../../domain/text/units.ts';
import { sleep } from '../kit/sleep.ts';

const captureSchema = v.object({
  /** Answered at this path only; absent: at each that has none of its own. */
  path: v.optional(v.string()),
  /** After so many further bytes a pause of so many ms. */
  pauses: v.optional(
    v.array(v.tuple([v.pipe(v.number(), v.minValue(1)), v.pipe(v.number(), v.minValue(0))])),
    [],
  ),
  /** How the connection ends after the last byte. */
  end: v.optional(v.picklist(['close', 'reset']), 'close'),
});

export interface Capture extends v.InferOutput<typeof captureSchema> {
  readonly name: string;
  readonly bytes: Buffer;
}

function settingsOf(folder: string, name: string): v.InferOutput<typeof captureSchema> {
  const file = join(folder, `${name}.json`);
  let text = '{}';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // The bytes alone are a capture.
  }
  try {
    return v.parse(captureSchema, JSON.parse(text));
  } catch (error) {
    throw new BadValue(
      `${file} is no description of a capture: ${error instanceof Error ? error.message : String(error)}; allowed: {"path":"/v1/...","pauses":[[BYTES,MS]],"end":"close" or "reset"}`,
    );
  }
}

/** @throws {BadValue} where the folder holds no capture, or one that can't be read */
export function readCaptures(folder: string): Capture[] {
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch (error) {
    throw new BadValue(
      `--replay '${folder}' can't be read: ${error instanceof Error ? error.message : String(error)}; give a folder of NAME.http files`,
    );
  }
  const captures = files
    .filter((file) => file.endsWith('.http'))
    .toSorted()
    .map((file): Capture => {
      const name = file.slice(0, -'.http'.length);
      return { name, bytes: ofOneAnswer(readFileSync(join(folder, file))), ...settingsOf(folder, name) };
    });
  if (captures.length === 0)
    throw new BadValue(
      `--replay '${folder}' holds no capture; allowed: files NAME.http, the bytes of an answer`,
    );
  return captures;
}

/** The connection ends with the answer, and its head says so: a client must not take it for one that is kept. */
function ofOneAnswer(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return bytes;
  const head = bytes
    .subarray(0, end)
    .toString('latin1')
    .split('\r\n')
    .filter((line) => !/^(?:connection|keep-alive):/i.test(line));
  return Buffer.concat([
    Buffer.from(`${head.join('\r\n')}\r\nConnection: close`, 'latin1'),
    bytes.subarray(end),
  ]);
}

/** The capture whose turn it is at a path, or null where there is none for it. */
export function captureAt(captures: readonly Capture[], path: string, index: number): Capture | null {
  const at = (wanted: string | undefined): Capture[] => captures.filter((one) => one.path === wanted);
  const exact = at(path);
  const own = exact.length > 0 ? exact : at(undefined);
  return own[index % own.length] ?? null;
}

/** Sends the bytes with their pauses, and ends the connection as it was. */
export async function replay(response: ServerResponse, { bytes, pauses, end }: Capture): Promise<void> {
  const { socket } = response;
  if (socket === null) return;
  let at = 0;
  for (const [length, pause_ms] of pauses) {
    socket.write(bytes.subarray(at, at + length));
    at += length;
    await sleep(pause_ms);
    if (socket.destroyed) return;
  }
  const done = (): void => void (end === 'reset' ? socket.resetAndDestroy() : socket.end());
  if (at < bytes.length) socket.write(bytes.subarray(at), done);
  else done();
}
