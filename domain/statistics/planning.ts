import { normalQuantile } from './distributions.ts';
import { checkAlpha, checkProbability } from './outcome.ts';

export interface QuantileRatioPlan {
  /** Standard deviation of the log latency. */
  readonly log_sd: number;
  /** Which percentile, as a share. */
  readonly p: number;
  /** Largest ratio that is tolerated, above 1. */
  readonly margin: number;
  /** Chance to pass where there is no difference. */
  readonly power: number;
  /** One-sided. */
  readonly alpha: number;
  /** Long-run variance over that of independent requests; 1 by default. */
  readonly inflation?: number;
  /** Correlation of the two variants' quantiles; 0 by default. */
  readonly rho?: number;
}

/**
 * Requests a variant for a latency gate to pass with the given power where the variants are equal and latencies
 * lognormal: the standard error of a log quantile is sigma sqrt(p (1-p)) / phi(z_p) / sqrt n (Mosteller 1946).
 */
export function planQuantileRatio(plan: QuantileRatioPlan): number {
  const { log_sd, p, margin, power, alpha, inflation = 1, rho = 0 } = plan;
  checkAlpha(alpha);
  checkProbability('p', p);
  checkProbability('power', power);
  if (!(log_sd > 0 && log_sd < Infinity))
    throw new RangeError(`log_sd is ${log_sd}; it must be a number > 0`);
  if (!(margin > 1 && margin < Infinity))
    throw new RangeError(`margin is ${margin}; it must be a number > 1`);
  if (!(inflation >= 1 && inflation < Infinity))
    throw new RangeError(`inflation is ${inflation}; it must be a number >= 1`);
  if (!(rho > -1 && rho < 1)) throw new RangeError(`rho is ${rho}; it must lie in (-1, 1)`);
  const density = Math.exp(-0.5 * normalQuantile(p) ** 2) / Math.sqrt(2 * Math.PI);
  const unit = (log_sd * Math.sqrt(p * (1 - p))) / density;
  const reach = normalQuantile(1 - alpha) + normalQuantile(power);
  return Math.ceil(inflation * 2 * (1 - rho) * ((unit * reach) / Math.log(margin)) ** 2);
}

/**
 * Smallest n at which `count` events still show what is to be shown. `shows(n)` must hold from some n on, as bounds on a
 * share do: "the upper bound of 2 failures in n lies below 1 %".
 */
export function smallestProof(count: number, shows: (n: number) => boolean): number {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`count is ${count}; it must be an integer >= 0`);
  let [low, high] = [count, count + 1];
  for (; !shows(high); [low, high] = [high, 2 * high]) {
    if (high > 2 ** 40) throw new RangeError(`nothing below n = ${high} shows it`);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (shows(middle)) high = middle;
    else low = middle;
  }
  return high;
}
