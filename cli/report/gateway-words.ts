/** What each side saw of a gateway, in words. */
import type { Sight } from '../../domain/jobs/gateway/sight.ts';
import { integer, mebibytes, ms } from './format.ts';

export function wordSight(sight: Sight): string {
  switch (sight.saw) {
    case 'requests':
      return `${integer(sight.right)} of ${integer(sight.requests)} right, ${sight.per_s.toFixed(1)}/s`;
    case 'models':
      return sight.wrong === 0
        ? 'each names its own model'
        : `${sight.wrong} of ${sight.answers} name another model`;
    case 'storm':
      return `${sight.right} right, ${sight.clean} clean errors, ${sight.other} neither; slowest ${ms(sight.slowest_ms)}`;
    case 'burst':
      return `burst: ${sight.served} served, ${sight.refused} refused; slowest ${ms(sight.slowest_ms)}`;
    case 'recovery': {
      if (sight.ms === null) return 'not normal again';
      const tried = sight.first_try_after_ms === null ? '' : ` ${ms(sight.first_try_after_ms)} after it`;
      return sight.ms === 0
        ? `normal at the first try${tried}`
        : `normal again ${ms(sight.ms)} after the first try${tried}`;
    }
    case 'probes':
      return `${sight.live + sight.ready} probes`;
    case 'lm_calls':
      return `LM ${integer(sight.served)} served, ${integer(sight.errors)} failed, peak ${sight.peak}`;
    case 'lm_models':
      return Object.entries(sight.by_model)
        .map(([model, count]) => `${model} ${count}`)
        .join(', ');
    case 'log_lines':
      return `log ${integer(sight.lines)} of ${integer(sight.expected)} lines`;
    case 'counted':
      return `counted ${integer(sight.requests)}`;
    case 'alive':
      return sight.before_bytes === null || sight.after_bytes === null
        ? 'memory not seen'
        : `memory ${mebibytes(sight.before_bytes)}, then ${mebibytes(sight.after_bytes)}`;
    case 'readiness':
      return `LM away: ${sight.unready_after_ms === null ? 'ready stayed true' : `not ready after ${ms(sight.unready_after_ms)}`}${sight.again_after_ms === null ? '' : `, ready again after ${ms(sight.again_after_ms)}`}`;
  }
}
