import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { expect } from 'vitest';

const number = v.number();
const range = v.tuple([number, number]);
const cases = <T extends v.ObjectEntries>(entries: T) => v.object({ cases: v.array(v.object(entries)) });

/** The sections of test/oracles/statistics.json that name one of our functions; figures by scipy and statsmodels. */
const schema = v.object({
  wilson: v.array(v.object({ x: number, n: number, two_sided: range, one_sided95: range })),
  clopper_pearson: v.array(
    v.object({
      x: number,
      n: number,
      two_sided95: range,
      one_sided95_upper: number,
      one_sided95_lower: number,
    }),
  ),
  newcombe_diff_independent: cases({
    x1: number,
    n1: number,
    x2: number,
    n2: number,
    diff: number,
    ci95: range,
    ci90: range,
  }),
  fisher_exact: v.array(
    v.object({ table: v.tuple([range, range]), two_sided: number, greater: number, less: number }),
  ),
  mcnemar: cases({ b: number, c: number, exact_two_sided: number, mid_p: number, one_sided_b_le: number }),
  paired_proportion_diff: cases({
    both_ok: number,
    only_shadow_ok: number,
    only_base_ok: number,
    neither: number,
    delta_shadow_minus_base: number,
    tango95: range,
    tango90: range,
    newcombe_paired_m10_95: range,
    bonett_price95: range,
  }),
  order_stat_ci: cases({
    p: number,
    n: number,
    lo_rank: v.nullable(number),
    hi_rank: v.nullable(number),
    coverage_if_both: v.nullable(number),
    one_sided95_lower_rank: v.nullable(number),
    one_sided95_upper_rank: v.nullable(number),
  }),
  min_n_for_finite_upper_bound: v.object({
    values: v.record(v.string(), v.object({ one_sided95_upper: number, two_sided95_upper: number })),
  }),
  mann_whitney: v.array(
    v.object({
      name: v.string(),
      x: v.array(number),
      y: v.array(number),
      U1: number,
      p_asymptotic_cc: number,
      cles_P_x_gt_y: number,
    }),
  ),
  quantiles: cases({
    name: v.string(),
    n: number,
    p: number,
    linear: number,
    x: v.optional(v.array(number)),
  }),
  ks_2samp: v.array(v.object({ x: v.array(number), y: v.array(number), D: number })),
  t_tests: v.object({
    x_base: v.array(number),
    x_shadow: v.array(number),
    paired_t: number,
    paired_p: number,
    paired_ci90: range,
  }),
  autocorrelated_mean: v.object({
    x: v.array(number),
    mean: number,
    overlapping_batch_means_LRV: v.object({ 'm=4': number, 'm=6': number }),
  }),
  multiplicity: v.object({ p: v.array(number), holm: v.array(number) }),
  group_sequential: v.object({
    constants: v.record(v.string(), v.object({ obf: v.record(v.string(), number) })),
  }),
  aa_calibration: v.object({
    cases: v.array(
      v.object({
        n_AA: number,
        alpha: number,
        accept_if_alarms_le: number,
        P_reject_tool_if_true_FPR_05: number,
        CP95_upper_if_0_alarms: number,
        CP95_upper_if_1: number,
      }),
    ),
    n_to_prove_FPR_le_5pct_95conf: v.record(v.string(), number),
  }),
  success_ge_99pct_min_n: v.object({
    exact_CP: v.record(v.string(), number),
    wilson: v.record(v.string(), number),
  }),
  sample_size_quantile_ratio: cases({ sigma: number, p: number, margin: number, power: number, n: number }),
  woodruff_obm_mover_quantile_ratio: v.object({
    base: v.array(number),
    shadow: v.array(number),
    cases: v.array(
      v.object({
        p: number,
        alpha_one_sided: number,
        q_base: number,
        q_shadow: number,
        log_ratio: number,
        lrv_base_raw: number,
        lrv_shadow_raw: number,
        lrv_cross_raw: number,
        rho: number,
        df: number,
        t: number,
        ranks_base: range,
        ranks_shadow: range,
        log_ratio_lower: number,
        log_ratio_upper: number,
        ratio_lower: number,
        ratio_upper: number,
      }),
    ),
  }),
});

const path = new URL('../../oracles/statistics.json', import.meta.url);
export const oracles = v.parse(v.pipe(v.string(), v.parseJson(), schema), readFileSync(path, 'utf8'));

/** Within an absolute tolerance, 1e-9 where an oracle states none; null in an oracle is an infinite bound. */
export function expectClose(actual: number, expected: number | null, tolerance = 1e-9): void {
  if (expected === null) expect(Math.abs(actual)).toBe(Infinity);
  else expect(Math.abs(actual - expected), `${actual} against ${expected}`).toBeLessThanOrEqual(tolerance);
}

/** The value of an outcome that must not be a refusal. */
export function value<T extends { readonly ok: boolean }>(outcome: T): Extract<T, { readonly ok: true }> {
  if (isOk(outcome)) return outcome;
  throw new Error(`refused: ${JSON.stringify(outcome)}`);
}

function isOk<T extends { readonly ok: boolean }>(outcome: T): outcome is Extract<T, { readonly ok: true }> {
  return outcome.ok;
}
