import { Agent, request } from 'node:http';
import { parseJsonText } from '../../domain/text/json.ts';
import { text as textOf } from 'node:stream/consumers';
import * as v from 'valibot';
import { sleep } from '../kit/sleep.ts';

/** The LM gave no answer, in words for the gateway's client. */
export class LmFailure extends Error {
  override readonly name = 'LmFailure';
}

export interface LmOptions {
  readonly lm_url: string;
  /** Calls for one request, the first included. */
  readonly lm_attempts: number;
  /** Before the second call; doubled before each further one. */
  readonly lm_backoff_ms: number;
  readonly lm_timeout_s: number;
}

/** What the LM said, and as which model. */
export interface Said {
  readonly model: string;
  readonly text: string;
}

const Completion = v.object({
  model: v.string(),
  choices: v.pipe(v.array(v.object({ message: v.object({ content: v.string() }) })), v.minLength(1)),
});

interface Failed {
  readonly failure: string;
  readonly worth_retrying: boolean;
}

const retried = (status: number): boolean => status === 429 || status >= 500;

function read(text: string): Said | Failed {
  const json = parseJsonText(text);
  if (json === undefined) return { failure: 'LM answer is no JSON', worth_retrying: false };
  const completion = v.safeParse(Completion, json);
  if (!completion.success) return { failure: 'LM answer has no choices', worth_retrying: false };
  const { model, choices } = completion.output;
  return { model, text: choices[0]?.message.content ?? '' };
}

interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** Calls a chat completions API, and again where it failed in a way that may pass. */
export class LmClient {
  readonly #options: LmOptions;
  readonly #onAttempt: () => void;
  // By node:http, since fetch takes twice the CPU, and the load's machine serves this too.
  readonly #agent = new Agent({ keepAlive: true });

  constructor(options: LmOptions, onAttempt: () => void) {
    this.#options = options;
    this.#onAttempt = onAttempt;
  }

  /** @throws {LmFailure} after the last attempt */
  async ask(model: string, system: string, user: string): Promise<Said> {
    const { lm_attempts, lm_backoff_ms } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const said = await this.#call(model, system, user);
      if ('text' in said) return said;
      if (!said.worth_retrying || attempt >= lm_attempts)
        throw new LmFailure(`${said.failure} (attempt ${attempt} of ${lm_attempts})`);
      await sleep(lm_backoff_ms * 2 ** (attempt - 1));
    }
  }

  /** Whether the LM's address answers at all, whatever it says. */
  async reachable(): Promise<boolean> {
    try {
      await this.#fetch('GET', '/health', '', 2000);
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #call(model: string, system: string, user: string): Promise<Said | Failed> {
    const { lm_timeout_s } = this.#options;
    const messages = [
      { role: 'system', content: system },
      { role: 'user', content: user },
    ];
    this.#onAttempt();
    try {
      const body = JSON.stringify({ model, messages });
      const { status, text } = await this.#fetch('POST', '/v1/chat/completions', body, lm_timeout_s * 1000);
      if (status >= 200 && status < 300) return read(text);
      return { failure: `LM answered ${status}`, worth_retrying: retried(status) };
    } catch (error) {
      const timeout = error instanceof Error && error.name === 'TimeoutError';
      return timeout
        ? { failure: `LM gave no answer within ${lm_timeout_s} s`, worth_retrying: false }
        : { failure: 'LM is unreachable', worth_retrying: true };
    }
  }

  /** Rejects where there is no whole answer; with a `TimeoutError` where there is none in time. */
  async #fetch(method: string, path: string, body: string, timeout_ms: number): Promise<HttpAnswer> {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const signal = AbortSignal.timeout(timeout_ms);
    const url = `${this.#options.lm_url}${path}`;
    try {
      return await new Promise<HttpAnswer>((resolve, reject) => {
        const asked = request(url, { method, headers, agent: this.#agent, signal }, (response) => {
          textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
        });
        asked.once('error', reject).end(body);
      });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  }
}
