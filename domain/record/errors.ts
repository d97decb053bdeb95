/** Why a request failed: a closed set, one kind a request, the first that applies from the wire upwards. */
export const ERROR_KINDS = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'reset',
  'cut_body',
  'cancelled',
  'transport',
  'status',
  'content_type',
  'bad_json',
  'missing_field',
  'not_sse',
  'no_terminator',
  'error_event',
  'no_token',
  'too_large',
  'wrong_answer',
  /** The server gave the answer up: finish reason `abort` and the like. */
  'aborted',
  /** Its finish reason is an error. */
  'ended_in_error',
  /** It has its terminator, and does not say how it ended. */
  'no_finish',
  /** All of it is reasoning. */
  'no_answer',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/**
 * The kind of k6's numeric `error_code` (k6 docs, "Error codes"): 1000 generic, 1050 timeout, 11xx DNS, 12xx TCP,
 * 13xx TLS, 16xx HTTP/2 and body. 0 or 14xx/15xx (an HTTP status, judged apart) is no transport error.
 */
export function transportError(error_code: number, message: string): ErrorKind | null {
  if (error_code === 0 || (error_code >= 1400 && error_code < 1600)) return null;
  if (error_code === 1050 || error_code === 1211) return 'timeout';
  if (error_code >= 1100 && error_code < 1200) return 'dns';
  if (error_code === 1220) return 'reset';
  if (error_code >= 1200 && error_code < 1300) return 'connect';
  if (error_code >= 1300 && error_code < 1400) return 'tls';
  if (error_code >= 1600 && error_code < 1700) return 'reset';
  if (/unexpected EOF|body closed|content-?length/i.test(message)) return 'cut_body';
  if (/EOF|reset|broken pipe|closed/i.test(message)) return 'reset';
  if (/timeout|deadline/i.test(message)) return 'timeout';
  return 'transport';
}
