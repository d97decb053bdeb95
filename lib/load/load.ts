/** The whole of a load but its requests, closed or by a schedule: options, what all variants run, the probe, the summary. */
import { isClosed } from '../../domain/load/arrivals.ts';
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { PROBE_IDLE_GAP_MS, PROBE_PER_SECOND } from '../../domain/load/timing.ts';
import { settingsFor } from '../../domain/settings/variants.ts';
import type { Variant } from '../../domain/variants.ts';
import { probeDuration } from '../metrics.ts';
import { openRequestLog } from '../request-log.ts';
import { runControl } from '../run-control.ts';
import { openShape } from './open-shape.ts';
import { handedOver, optionsOf, target, type Runtime, type Target } from '../runtime.ts';
import { VARIANT_VARIABLE, type Shape } from './shapes.ts';
import type { StepContext } from '../steps/measured.ts';
import { timedShape } from './timed-shape.ts';
import type { K6Summary } from '../k6-summary.ts';
import { bareText, blockSummary } from '../summary.ts';

const MS_PER_HOUR = 3_600_000;

export type Iteration = () => void | Promise<void>;

export interface LoadParts {
  readonly name: string;
  readonly runtime: Runtime;
  /** The scenario's own thresholds file, as imported. */
  readonly thresholds: unknown;
  /** The iteration of one variant; made by each VU with its first, so that it holds no other variant's. */
  readonly iteration: (context: StepContext, target: Target) => Iteration;
  /** Default the setting's time. */
  readonly warm_up?: StepContext['warm_up'];
  /** Default as the settings say for their time: clients in a closed loop, or starts by a schedule. */
  readonly shape?: Shape;
}

export interface Wired {
  readonly options: Options;
  /** An iteration of the variant whose k6 scenario calls it. */
  readonly run: () => void | Promise<void>;
  readonly probe: () => void;
  readonly setup: () => void;
  readonly handleSummary: (data: K6Summary) => Record<string, string>;
}

export function wireLoad(of: LoadParts): Wired {
  const { runtime } = of;
  const { settings, plan, variants } = runtime;
  const shape = of.shape ?? (isClosed(settings.arrival) ? timedShape(runtime) : openShape(runtime));
  const log = openRequestLog({
    path: plan.request_log,
    answers_file: plan.answers_file ?? null,
    without: [settings.costPath, settings.stagesPath, ...settings.ignorePath],
    in_records: settings.keepAnswers,
  });
  const budget = {
    max_cost_eur: settings.maxCost,
    cost_per_ms: variants.reduce(
      (sum, one) => sum + (settingsFor(settings, one).price_per_hour ?? 0) / MS_PER_HOUR,
      0,
    ),
    began_ms: () => exec.scenario.startTime,
    vus_in_all: variants.reduce((sum, one) => sum + shape.clients(one), 0),
  };
  const made = new Map<Variant, Iteration>();
  const iterationOf = (variant: Variant): Iteration => {
    let iteration = made.get(variant);
    if (iteration === undefined) {
      const context = {
        variant,
        scenario_name: of.name,
        block: plan.block,
        warm_up:
          of.warm_up ?? (shape.warm_up === null ? { ms: settings.warmUpMs } : { requests: shape.warm_up }),
        index: shape.index,
        log,
        control: runControl(variant, budget),
        starts: shape.starts?.(variant) ?? null,
      };
      iteration = of.iteration(context, target(settings, variant));
      made.set(variant, iteration);
    }
    return iteration;
  };
  const probeOnce = (idle: boolean): void => {
    const response = http.get(plan.probe_url ?? '', {
      responseType: 'none',
      timeout: 5000,
      tags: { name: 'probe' },
    });
    const answered = response.status >= 200 && response.status < 300;
    const line = {
      probe: true,
      idle,
      block: plan.block,
      at_ms: Date.now(),
      duration_ms: response.timings.duration,
      ...(answered ? {} : { failed: `${response.status} ${response.error}`.slice(0, 200) }),
    };
    if (answered) probeDuration.add(line.duration_ms);
    log.write(JSON.stringify(line));
  };
  return {
    options: optionsOf(runtime, { name: of.name, thresholds: of.thresholds, shape }),
    run() {
      // A VU may serve one k6 scenario after another, and with it another variant.
      const variant = handedOver(VARIANT_VARIABLE);
      if (variant === undefined) throw new Error(`the k6 scenario ${exec.scenario.name} names no variant`);
      awaitTurn(settings.spreadMs, shape.clients(variant));
      shape.enter(variant);
      const step = iterationOf(variant)();
      if (step === undefined) return shape.leave(variant);
      return step.then(() => shape.leave(variant));
    },
    probe() {
      const idle = exec.scenario.name === 'probe_idle';
      probeOnce(idle);
      if (idle) sleep(PROBE_IDLE_GAP_MS / 1000);
      if (idle || shape.timed) return;
      for (let next_ms = Date.now(); shape.done?.() === false; probeOnce(idle)) {
        next_ms += 1000 / PROBE_PER_SECOND;
        sleep(Math.max(0, next_ms - Date.now()) / 1000);
      }
    },
    setup() {
      if (runtime.managed) return;
      // By hand there is no cli to look first: one request each tells an unreachable server apart from a slow one.
      for (const variant of variants) {
        const { base_url, headers } = target(settings, variant);
        const response = http.get(`${base_url}${settings.healthPath}`, {
          headers: { ...headers },
          timeout: settings.timeoutMs,
          redirects: 0,
          tags: { name: 'preflight' },
        });
        if (response.status === 0)
          throw new Error(`the ${variant} at ${base_url} can't be reached: ${response.error}`);
      }
    },
    handleSummary(data) {
      const summary = blockSummary(data, runtime);
      const out: Record<string, string> = {};
      if (plan.summary_file !== '') out[plan.summary_file] = `${JSON.stringify(summary, null, 2)}\n`;
      if (!runtime.managed) out['stdout'] = bareText(data, summary);
      return out;
    },
  };
}

let started = false;

/** Once in each VU: its place in the time over which the first requests are spread. */
function awaitTurn(spread_ms: number, vus: number): void {
  if (started) return;
  started = true;
  if (spread_ms > 0) sleep((spread_ms / 1000) * (((exec.vu.idInTest - 1) % vus) / vus));
}
