/** A model as judge, by URL (OpenAI style): some questions at a time, retried, remembered in the run, up to a cost. */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Judged as JudgedAssertion } from '../../domain/quality/assertion.ts';
import type { Opinion } from '../../domain/quality/combine.ts';
import {
  cosine,
  inBothOrders,
  preferenceQuestion,
  readPreference,
  readRubric,
  rubricQuestion,
  type Judged,
  type Preference,
  type Question,
} from '../../domain/quality/judging.ts';
import { costOf } from '../../domain/quality/price.ts';
import { valueAt } from '../../domain/protocols/protocol.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { isFields } from '../../domain/text/fields.ts';
import { parseJsonText } from '../../domain/text/json.ts';
import { Interrupted, type Io } from '../io.ts';
import { eachLine } from '../read/lines.ts';
import { FILES, type RunDirectory } from '../run/directory.ts';
import { call, CallFailure, type Answer } from '../services/http.ts';
import type { Judge } from './score-answers.ts';

export interface JudgeOptions extends Pick<
  Settings,
  | 'judgeModel'
  | 'embeddingModel'
  | 'judgeApiKey'
  | 'judgeRepeats'
  | 'judgeTimeoutMs'
  | 'judgePrice'
  | 'judgeMaxCost'
> {
  readonly url: string;
  /** Null: nothing is remembered. */
  readonly cache_file: string | null;
  /** Between a refusal and the next try, doubled each time. */
  readonly pause_ms?: number;
}

const TRIES = 4;
/** Of a judge's words: a sentence and a score. */
const MOST_TOKENS = 300;
const PAUSE_MS = 500;
const MOST_PAUSE_MS = 30_000;

/** No answer of the judge's can be had; the message says why. */
class NoAnswer extends Error {}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The judge that the settings name; null: none. */
export function judgeOf(io: Io, run: RunDirectory, settings: Settings): ModelJudge | null {
  if (settings.judgeUrl === null) return null;
  return new ModelJudge(
    { ...settings, url: settings.judgeUrl, cache_file: join(run.path, FILES.judge_cache) },
    io.interrupted,
  );
}

export class ModelJudge implements Judge {
  readonly #of: JudgeOptions;
  readonly #interrupted: AbortSignal;
  readonly #cache = new Map<string, string>();
  #model: Promise<string> | null = null;
  #spent = 0;
  #reserved = 0;
  #questions = 0;
  #repeated = 0;
  #disagreed = 0;
  #cached = 0;

  constructor(of: JudgeOptions, interrupted: AbortSignal) {
    this.#of = of;
    this.#interrupted = interrupted;
    if (of.cache_file === null || !existsSync(of.cache_file)) return;
    eachLine(of.cache_file, ({ bytes }, from, to) => {
      const line = parseJsonText(bytes.toString('utf8', from, to));
      if (!isFields(line)) return;
      const { key, said } = line;
      if (typeof key === 'string' && typeof said === 'string') this.#cache.set(key, said);
    });
  }

  async told(): Promise<Judged> {
    return {
      model: await this.#modelName().catch(() => 'not known'),
      questions: this.#questions,
      repeated: this.#repeated,
      disagreed: this.#disagreed,
      cached: this.#cached,
      cost: this.#of.judgePrice === null ? null : this.#spent,
    };
  }

  async opinion(
    assertion: JudgedAssertion,
    { question, answer }: { readonly question: string; readonly answer: string },
  ): Promise<Opinion> {
    try {
      if (assertion.type === 'similar') return await this.#similarity(answer, assertion.value);
      const mark = sha256(`${question}\n${answer}`).slice(0, 12);
      const asked = rubricQuestion({ rubric: assertion.value, question, answer }, mark);
      return await this.#repeatedly((repeat) => this.#rubric(asked, repeat));
    } catch (error) {
      if (error instanceof NoAnswer) return { undecided: error.message };
      throw error;
    }
  }

  /** Which of two answers is better, asked in both orders; where that flips it, neither. @throws NoAnswer */
  async preference(of: {
    readonly rubric: string;
    readonly question: string;
    readonly first: string;
    readonly second: string;
  }): Promise<Preference> {
    const mark = sha256(`${of.first}\n${of.second}`).slice(0, 12);
    const turned = { ...of, first: of.second, second: of.first };
    return inBothOrders(
      await this.#preferred(preferenceQuestion(of, mark)),
      await this.#preferred(preferenceQuestion(turned, mark)),
    );
  }

  /** The mean over the repeats; whether they differ is counted. */
  async #repeatedly(
    ask: (repeat: number) => Promise<{ score: number; detail: string | null }>,
  ): Promise<Opinion> {
    const given: { score: number; detail: string | null }[] = [];
    for (let repeat = 0; repeat < this.#of.judgeRepeats; repeat += 1) given.push(await ask(repeat));
    this.#questions += 1;
    if (given.length > 1) this.#repeated += 1;
    if (new Set(given.map(({ score }) => score)).size > 1) this.#disagreed += 1;
    return {
      score: given.reduce((sum, { score }) => sum + score, 0) / given.length,
      detail: given[0]?.detail ?? null,
    };
  }

  async #rubric(asked: Question, repeat: number): Promise<{ score: number; detail: string | null }> {
    return await this.#read(asked, repeat, (said) => {
      const opinion = readRubric(said);
      return 'undecided' in opinion ? { problem: opinion.undecided } : { value: opinion };
    });
  }

  async #preferred(asked: Question): Promise<Preference> {
    return await this.#read(asked, 0, (said) => {
      const value = readPreference(said);
      return value === null
        ? { problem: `the judge named neither answer: ${JSON.stringify(said.slice(0, 120))}` }
        : { value };
    });
  }

  /** What the judge says, read; nonsense is asked again. */
  async #read<T>(
    asked: Question,
    repeat: number,
    read: (said: string) => { readonly value: T } | { readonly problem: string },
  ): Promise<T> {
    const model = await this.#modelName();
    const key = sha256(JSON.stringify([model, asked.system, asked.user, repeat]));
    const known = this.#cache.get(key);
    if (known !== undefined) {
      const found = read(known);
      if ('value' in found) {
        this.#cached += 1;
        return found.value;
      }
    }
    return await this.#tries(async () => {
      const body = await this.#ask('/chat/completions', {
        model,
        temperature: 0,
        max_tokens: MOST_TOKENS,
        messages: [
          { role: 'system', content: asked.system },
          { role: 'user', content: asked.user },
        ],
      });
      const content = valueAt(body, 'choices.0.message.content');
      const said = typeof content === 'string' ? content : '';
      const found = read(said);
      if ('problem' in found) throw new NoAnswer(found.problem);
      this.#remember(key, said);
      return found.value;
    });
  }

  async #similarity(answer: string, wanted: string): Promise<Opinion> {
    const model = this.#of.embeddingModel ?? (await this.#modelName());
    const key = sha256(JSON.stringify(['similar', model, answer, wanted]));
    const known = this.#cache.get(key);
    if (known !== undefined) {
      this.#cached += 1;
      return { score: Number(known), detail: null };
    }
    const score = await this.#tries(async () => {
      const body = await this.#ask('/embeddings', { model, input: [answer, wanted] });
      const [a, b] = [numbersAt(body, 'data.0.embedding'), numbersAt(body, 'data.1.embedding')];
      const found = cosine(a, b);
      if (found === null)
        throw new NoAnswer(`${this.#of.url}/embeddings gave no two embeddings of one length`);
      return found;
    });
    this.#questions += 1;
    this.#remember(key, String(score));
    return { score, detail: `cosine ${score.toFixed(3)}` };
  }

  #remember(key: string, said: string): void {
    this.#cache.set(key, said);
    if (this.#of.cache_file !== null)
      appendFileSync(this.#of.cache_file, `${JSON.stringify({ key, said })}\n`);
  }

  async #modelName(): Promise<string> {
    return await (this.#model ??= this.#firstModel());
  }

  async #firstModel(): Promise<string> {
    if (this.#of.judgeModel !== null) return this.#of.judgeModel;
    const id = valueAt(await this.#tries(async () => await this.#ask('/models', null)), 'data.0.id');
    if (typeof id === 'string') return id;
    throw new NoAnswer(`${this.#of.url}/models lists no model; give --judge-model`);
  }

  /** @throws NoAnswer with the last cause */
  async #tries<T>(attempt: () => Promise<T>): Promise<T> {
    let pause_ms = this.#of.pause_ms ?? PAUSE_MS;
    for (let n = 1; ; n += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (error instanceof Capped || error instanceof Refused || !(error instanceof NoAnswer)) throw error;
        if (n === TRIES) throw new NoAnswer(`${error.message} (asked ${TRIES} times)`, { cause: error });
        const asked_ms = error instanceof Busy ? error.retry_after_ms : 0;
        await wait(Math.min(MOST_PAUSE_MS, Math.max(pause_ms, asked_ms)), undefined, {
          signal: this.#interrupted,
        }).catch(() => {
          throw new Interrupted();
        });
        pause_ms *= 2;
      }
    }
  }

  /** One question; the most that it can cost is reserved before it is asked. @throws NoAnswer */
  async #ask(path: string, json: object | null): Promise<unknown> {
    const body = json === null ? null : JSON.stringify(json);
    const most = this.#mostCost(body);
    await this.#reserve(most);
    try {
      const said = parseJsonText(accepted(await this.#call(path, body)));
      if (said === undefined) throw new NoAnswer(`${this.#of.url}${path} answered with no JSON`);
      this.#count(said);
      return said;
    } finally {
      this.#reserved -= most;
    }
  }

  /** No tokenizer makes more tokens than there are characters. */
  #mostCost(body: string | null): number {
    const { judgePrice } = this.#of;
    if (judgePrice === null || body === null) return 0;
    const usage = { prompt_tokens: body.length, cached_tokens: 0, completion_tokens: MOST_TOKENS };
    return costOf(judgePrice, usage);
  }

  /** Waits while others may still turn out cheaper than they could. @throws Capped */
  async #reserve(amount: number): Promise<void> {
    const { judgeMaxCost } = this.#of;
    const most = judgeMaxCost ?? Infinity;
    while (this.#spent + this.#reserved + amount > most) {
      if (this.#reserved === 0 || this.#interrupted.aborted)
        throw new Capped(`the judge's cost could pass --judge-max-cost ${most}`);
      await wait(10);
    }
    this.#reserved += amount;
  }

  async #call(path: string, body: string | null): Promise<Answer> {
    const { judgeApiKey: token, judgeTimeoutMs: timeout_ms } = this.#of;
    // The HTTP client still lets short calls through, for those who clean up; questions cost money.
    if (this.#interrupted.aborted) throw new Interrupted();
    try {
      return await call(
        {
          url: `${this.#of.url.replace(/\/+$/, '')}${path}`,
          headers: token === null ? {} : { Authorization: `Bearer ${token}` },
          timeout_ms,
          ...(body === null ? {} : { body }),
        },
        this.#interrupted,
      );
    } catch (error) {
      if (error instanceof CallFailure) throw new NoAnswer(`the judge: ${message(error)}`, { cause: error });
      throw error;
    }
  }

  #count(body: unknown): void {
    const { judgePrice } = this.#of;
    if (judgePrice === null) return;
    const tokens = (path: string): number => {
      const found = valueAt(body, path);
      return typeof found === 'number' && found >= 0 ? found : 0;
    };
    const cost = costOf(judgePrice, {
      prompt_tokens: tokens('usage.prompt_tokens'),
      cached_tokens: tokens('usage.prompt_tokens_details.cached_tokens'),
      completion_tokens: tokens('usage.completion_tokens'),
    });
    this.#spent += cost;
  }
}

class Capped extends NoAnswer {}
/** Asking again would be refused again. */
class Refused extends NoAnswer {}
class Busy extends NoAnswer {
  readonly retry_after_ms: number;
  constructor(words: string, retry_after_ms: number) {
    super(words);
    this.retry_after_ms = retry_after_ms;
  }
}

/** The body of a 2xx. */
function accepted({ status, body, retry_after_s }: Answer): string {
  if (status >= 200 && status < 300) return body;
  const words = `the judge answered ${status}: ${body.slice(0, 120)}`;
  if (status === 429 || status >= 500) throw new Busy(words, 1000 * (retry_after_s ?? 0));
  throw new Refused(words);
}

function numbersAt(body: unknown, path: string): number[] {
  const found = valueAt(body, path);
  return Array.isArray(found) ? found.filter((one: unknown): one is number => typeof one === 'number') : [];
}
