/**
 * One line a request. With the extension the response object goes to Go, which reads its fields (0.94 of a bare
 * script's rate); on a stock k6 the line goes to the console, which the cli sends to a file (0.6).
 */
import { sha256 } from 'k6/crypto';
import exec from 'k6/execution';
import type { RefinedResponse } from 'k6/http';
import { members, type ResponsePart } from '../domain/record/write-record.ts';
import { requestLogModule } from './extensions.ts';

export type TextResponse = RefinedResponse<'text'>;

export interface RequestLog {
  /**
   * `fixed`: the fields that the script writes, as members of JSON without braces; k6's own are added.
   * @param keep the answer's text is kept, where texts are
   */
  record(response: TextResponse, fixed: string, keep?: boolean): void;
  /** Keeps the text of an answer that is not k6/http's, where texts are kept; returns its SHA-256. */
  answer(text: string): string;
  /** A whole line, for calls that are not k6/http's. */
  write(line: string): void;
}

const digest = (text: string): string => sha256(text, 'hex');
const none: RequestLog = { record: () => {}, answer: digest, write: () => {} };

/** Where and what is written. */
export interface LogOptions {
  /** Null: nothing is logged (k6 started by hand without REQUEST_LOG). */
  readonly path: string | null;
  /** Gets each distinct answer once; null: none is kept. */
  readonly answers_file: string | null;
  /** Paths of the answers' values that two answers may differ in and still say the same: what they cost, what they took. */
  readonly without: readonly string[];
  /** On a stock k6, which has no file of answers: each record holds its own. */
  readonly in_records: boolean;
}

export function openRequestLog({ path, answers_file, without, in_records }: LogOptions): RequestLog {
  if (path === null) return none;
  if (requestLogModule !== null) {
    const log = requestLogModule;
    log.open(path);
    if (answers_file !== null) log.keepAnswers(answers_file);
    const digested = { answer_sha256: true, without };
    const kept = { ...digested, keep: answers_file !== null };
    return {
      record(response, fixed, keep = false) {
        orAbort(() => log.record(response, fixed, keep ? kept : digested));
      },
      answer: (text) => orAbort(() => log.answer(text)),
      write(line) {
        orAbort(() => log.write(line));
      },
    };
  }
  const write = (line: string): void => console.log(line);
  return {
    write,
    answer: digest,
    record(response, fixed) {
      const answer = in_records && response.body !== null ? `,${members({ answer: response.body })}` : '';
      write(`{${fixed},${members(responsePart(response))}${answer}}`);
    },
  };
}

/** What k6/requestlog knows of a response, on a k6 without it. */
function responsePart({ timings, status, remote_ip, remote_port, proto, body }: TextResponse): ResponsePart {
  const { duration, waiting, connecting, tls_handshaking } = timings;
  const answered = status > 0;
  const host = remote_ip.includes(':') ? `[${remote_ip}]` : remote_ip;
  return {
    duration_ms: duration,
    waiting_ms: answered ? waiting : null,
    connecting_ms: connecting > 0 ? connecting : null,
    tls_ms: tls_handshaking > 0 ? tls_handshaking : null,
    status: answered ? status : null,
    remote_address: remote_ip === '' ? null : `${host}:${remote_port}`,
    proto: answered ? proto : null,
    answer_sha256: typeof body === 'string' && body !== '' ? sha256(body, 'hex') : null,
  };
}

/** A request that can't be recorded must not go on silently, and an exception in an iteration is silent: it exits 0. */
function orAbort<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    exec.test.abort(`the request log can't be written: ${String(error)}`);
    throw error;
  }
}
