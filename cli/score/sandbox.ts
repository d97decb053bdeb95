/** A thread for what could hang: the user's own code, and regular expressions on answers that nobody has chosen. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fieldOf } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';

export type Task =
  | { readonly kind: 'regex'; readonly source: string; readonly text: string }
  | {
      readonly kind: 'code';
      /** An expression of `output` and `context`, statements with a return, or a module's file:// URL. */
      readonly code: string;
      readonly output: string;
      readonly context: { readonly prompt: string; readonly payload_id: string };
    };

export type TaskResult = { readonly result: unknown } | { readonly problem: string };

/** One task at a time; a task that takes too long ends the thread, and the next has a new one. */
export class Sandbox {
  readonly #file: string;
  readonly #timeout_ms: number;
  #worker: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** @param root the suite's own folder */
  constructor(root: string, timeout_ms: number) {
    this.#file = join(root, 'cli', 'score', 'sandbox.mjs');
    this.#timeout_ms = timeout_ms;
  }

  async run(task: Task): Promise<TaskResult> {
    const turn = this.#last.then(async () => await this.#one(task));
    this.#last = turn;
    return await turn;
  }

  async #one(task: Task): Promise<TaskResult> {
    // What the user's code prints is not part of the suite's output.
    const worker = (this.#worker ??= new Worker(this.#file, { stdout: true, stderr: true }));
    return await new Promise((resolve) => {
      const end = (result: TaskResult, alive: boolean): void => {
        clearTimeout(timer);
        worker.removeAllListeners();
        if (!alive) {
          this.#worker = null;
          void worker.terminate();
        }
        resolve(result);
      };
      const timer = setTimeout(
        () => end({ problem: `no score within ${this.#timeout_ms / 1000} s` }, false),
        this.#timeout_ms,
      );
      worker.once('message', (message: unknown) => {
        const problem = fieldOf(message, 'problem');
        const result = fieldOf(message, 'result');
        end(
          typeof problem === 'string'
            ? { problem }
            : { result: parseJsonText(typeof result === 'string' ? result : '') },
          true,
        );
      });
      worker.once('error', (error) =>
        end({ problem: error instanceof Error ? error.message : String(error) }, false),
      );
      worker.once('exit', () => end({ problem: 'the scorer ended its thread' }, false));
      worker.postMessage(task, []);
    });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#worker?.terminate();
    this.#worker = null;
  }
}
