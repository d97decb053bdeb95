/** Prometheus's HTTP API v1, as far as the gate asks it. */
import {
  FIGURES,
  SERIES,
  contractQueries,
  mapFigures,
  peak,
  rawSamples,
  scrapes,
  type FigureName,
} from '../../../domain/jobs/adapter-gate/promql.ts';
import { parseAnswer, type Series, type TestRange } from '../../../domain/jobs/adapter-gate/samples.ts';
import type { RawTest } from '../../../domain/jobs/adapter-gate/server-figures.ts';
import { fieldOf } from '../../../domain/text/fields.ts';
import { BadValue } from '../../../domain/text/units.ts';
import { Interrupted, pause, type Io } from '../../io.ts';
import { Service, ServiceFailure, shownText } from '../../services/json-service.ts';

const TIMEOUT_MS = 30_000;
/** The contract's own, where no two scrapes have been seen yet. */
const USUAL_INTERVAL_MS = 30_000;
const POLL_MS = 500;
/** A server counts a request a moment after its last token has left. */
const SETTLE_MS = 500;

/** How the job is scraped. */
export interface Scraping {
  readonly interval_ms: number;
  /** The interval was seen between scrapes, not assumed. */
  readonly seen: boolean;
  /** Of each target: its latest scrape, epoch ms by Prometheus's clock, and whether it answered. */
  readonly latest: readonly { readonly instance: string; readonly at_ms: number; readonly up: boolean }[];
}

export class Prometheus {
  readonly #io: Io;
  readonly #service: Service;
  readonly #job: string;

  /** @throws UsageError */
  constructor(io: Io, url: string, job: string) {
    this.#io = io;
    this.#job = job;
    this.#service = new Service(io, {
      name: 'Prometheus',
      given_by: '--prometheus-url',
      url,
      secrets: 'PROMETHEUS',
      timeout_ms: TIMEOUT_MS,
    });
  }

  get shown_url(): string {
    return this.#service.shown_url;
  }

  /** One instant query. @throws ServiceFailure */
  async query(query: string, at_ms?: number): Promise<readonly Series[]> {
    const parameters = new URLSearchParams({ query });
    if (at_ms !== undefined) parameters.set('time', (at_ms / 1000).toFixed(3));
    const body = await this.#service.call({ method: 'GET', path: `/api/v1/query?${parameters.toString()}` });
    try {
      return parseAnswer(body);
    } catch (error) {
      if (!(error instanceof BadValue)) throw error;
      throw new ServiceFailure(
        'not_json',
        `${this.shown_url}: ${error.message}; is --prometheus-url a Prometheus?`,
      );
    }
  }

  /** How far Prometheus's clock is ahead of ours, ms. */
  async clockOffset(): Promise<number> {
    const asked = Date.now();
    const series = await this.query('time()');
    const middle = (asked + Date.now()) / 2;
    return (series[0]?.samples[0]?.value ?? middle / 1000) * 1000 - middle;
  }

  async scraping(): Promise<Scraping> {
    const series = await this.query(scrapes(this.#job, 300));
    const gaps = series
      .flatMap(({ samples }) => samples.slice(1).map(({ at_ms }, i) => at_ms - (samples[i]?.at_ms ?? at_ms)))
      .toSorted((a, b) => a - b);
    const median = gaps[Math.floor(gaps.length / 2)];
    return {
      interval_ms: median ?? USUAL_INTERVAL_MS,
      seen: median !== undefined,
      latest: series.flatMap(({ labels, samples }) => {
        const last = samples.at(-1);
        return last === undefined
          ? []
          : [{ instance: labels['instance'] ?? '', at_ms: last.at_ms, up: last.value === 1 }];
      }),
    };
  }

  /** The jobs that are scraped, in words. */
  async jobs(): Promise<string> {
    const series = await this.query('count by (job) (up)');
    const names = series.flatMap(({ labels }) => labels['job'] ?? []);
    return names.length === 0 ? 'it scrapes nothing' : `it scrapes ${names.map(shownText).join(', ')}`;
  }

  /** Why a target does not answer, in its own words; null where Prometheus can't say. */
  async lastError(): Promise<string | null> {
    const body = await this.#service
      .call({ method: 'GET', path: '/api/v1/targets?state=active' })
      .catch(() => null);
    const targets = fieldOf(fieldOf(body, 'data'), 'activeTargets');
    if (!Array.isArray(targets)) return null;
    const mine = targets.find((target: unknown) => fieldOf(fieldOf(target, 'labels'), 'job') === this.#job);
    const error = fieldOf(mine, 'lastError');
    return typeof error === 'string' && error !== '' ? shownText(error) : null;
  }

  /** Waits for a scrape of every target after `after_ms` (Prometheus's clock). False: none came in time. */
  async waitForScrape(after_ms: number, within_ms: number): Promise<boolean> {
    const until = performance.now() + within_ms;
    for (;;) {
      const { latest } = await this.scraping();
      if (latest.length > 0 && latest.every(({ at_ms }) => at_ms >= after_ms)) return true;
      if (performance.now() >= until) return false;
      await waitFor(this.#io, POLL_MS);
    }
  }

  /** Every raw sample that the test's exact figures need. */
  async rawTest(
    range: TestRange,
    interval_ms: number,
    counts: Pick<RawTest, 'sent' | 'answered' | 'duration_s'>,
  ): Promise<RawTest> {
    const at_ms = range.to_ms + 3 * interval_ms;
    const seconds = (at_ms - range.from_ms + 5 * interval_ms) / 1000;
    // Gauges only from the test itself: what lingers from before is another load's.
    const during_s = (range.to_ms - range.from_ms) / 1000;
    const raw = async (series: string): Promise<readonly Series[]> =>
      await this.query(rawSamples(series, this.#job, seconds), at_ms);
    const up = await this.query(scrapes(this.#job, seconds), at_ms);
    return {
      up,
      series: {
        latency: await raw(SERIES.latency),
        ttft: await raw(SERIES.ttft),
        success: await raw(SERIES.success),
      },
      gauges: {
        kv_cache_usage: await this.query(peak.kv_cache_usage(this.#job, during_s), range.to_ms),
        gpu_utilization: await this.query(peak.gpu_utilization(during_s), range.to_ms),
      },
      range,
      ...counts,
    };
  }

  /** The contract's questions, asked at this moment. */
  async contract(window: string, at_ms: number): Promise<Readonly<Record<FigureName, readonly Series[]>>> {
    const queries = contractQueries(this.#job, window);
    const answers: Partial<Record<FigureName, readonly Series[]>> = {};
    for (const name of FIGURES) answers[name] = await this.query(queries[name], at_ms);
    return mapFigures((name) => answers[name] ?? []);
  }
}

export const settled = (ended_ms: number): number => ended_ms + SETTLE_MS;

/** @throws Interrupted */
export async function waitFor(io: Io, ms: number): Promise<void> {
  await pause(io, ms);
  if (io.interrupted.aborted) throw new Interrupted();
}
