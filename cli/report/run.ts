/** From what a run left to its report. */
import { series } from '../../domain/figures/series.ts';
import { compare } from '../../domain/result/compare.ts';
import type { Comparison } from '../../domain/result/comparison.ts';
import type { RunData } from '../../domain/run/data.ts';
import { failOn } from '../../domain/verdict/decide.ts';
import type { Finding } from '../../domain/verdict/findings.ts';
import { comparisonReport } from './comparison.ts';
import type { Report } from './report.ts';

/** @param data with findings of whoever made it, as the differences of two runs paired */
export function runReport(data: RunData & { readonly findings?: readonly Finding[] }): {
  readonly comparison: Comparison;
  readonly report: Report;
} {
  const comparison = compare(data, data.findings);
  return {
    comparison,
    report: comparisonReport(comparison, series(data.measured), failOn(data.settings.failOn)),
  };
}
