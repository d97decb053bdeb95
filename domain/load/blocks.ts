/** In which blocks a load is run: repeats, variants in turn, planned looks. */
import { BadValue, formatDuration } from '../text/units.ts';
import type { Settings } from '../settings/settings.ts';
import type { Load } from '../run/block.ts';
import type { ByVariant, Variant } from '../variants.ts';

export interface PlannedBlock {
  readonly variants: readonly Variant[];
  readonly duration_ms: number;
  /** In place of the settings' load. */
  readonly loads?: ByVariant<Load>;
}

export interface BlocksPlan {
  readonly blocks: readonly PlannedBlock[];
  /** Looks between blocks at which the run may end: after this many blocks each. Empty: one look, at the end. */
  readonly looks: readonly number[];
  /** Between blocks, so that what the last one left running on a shared machine has ended. */
  readonly gap_ms: number;
}

export const LEAST_LOOKS = 3;
export const MOST_LOOKS = 5;
const ABBA_MARGIN_MS = 1000;

/** Each repeat of the whole load as blocks: both at once, or in turn with the stated time for each variant. */
function repeat(settings: Settings, variants: readonly Variant[]): PlannedBlock[] {
  if (settings.order === 'parallel' || variants.length < 2)
    return [{ variants, duration_ms: settings.durationMs }];
  const half = settings.durationMs / 2;
  return [...variants, ...variants.toReversed()].map((variant) => ({
    variants: [variant],
    duration_ms: half,
  }));
}

/** A long load cut into blocks of one length, each a checkpoint; the last may be shorter. */
function inBlocks(settings: Settings, variants: readonly Variant[], block_ms: number): BlocksPlan {
  if (settings.runs > 1 || settings.untilDecided || settings.order !== 'parallel')
    throw new BadValue(
      '--block cuts one load into blocks; it does not go with --runs, --until-decided or --order',
    );
  const count = Math.max(1, Math.ceil(settings.durationMs / block_ms - 1e-9));
  const least_ms = 1000;
  const rest_ms = Math.max(least_ms, settings.durationMs - (count - 1) * block_ms);
  return {
    blocks: Array.from({ length: count }, (_, i) => ({
      variants,
      duration_ms: i < count - 1 ? block_ms : rest_ms,
    })),
    looks: [],
    gap_ms: 0,
  };
}

/** @throws BadValue where the settings can't be planned */
export function planBlocks(settings: Settings, variants: readonly Variant[]): BlocksPlan {
  const once = repeat(settings, variants);
  if (settings.blockMs !== null) return inBlocks(settings, variants, settings.blockMs);
  const gap_ms = settings.order === 'abba' ? settings.timeoutMs + ABBA_MARGIN_MS : 0;
  if (!settings.untilDecided) {
    return { blocks: Array.from({ length: settings.runs }, () => once).flat(), looks: [], gap_ms };
  }
  if (settings.runs > 1)
    throw new BadValue('--runs and --until-decided are two ways to repeat; give one of them');
  const looks = Math.min(MOST_LOOKS, Math.floor(settings.maxDurationMs / settings.durationMs));
  if (looks < LEAST_LOOKS)
    throw new BadValue(
      `--max-duration ${formatDuration(settings.maxDurationMs)} holds ${looks} times --duration ${formatDuration(settings.durationMs)}; --until-decided plans ${LEAST_LOOKS} to ${MOST_LOOKS} looks: give at least ${formatDuration(settings.durationMs * LEAST_LOOKS)}`,
    );
  const stretched = settings.maxDurationMs / looks / settings.durationMs;
  const block = once.map((one) => ({ ...one, duration_ms: Math.round(one.duration_ms * stretched) }));
  return {
    blocks: Array.from({ length: looks }, () => block).flat(),
    looks: Array.from({ length: looks }, (_, i) => (i + 1) * once.length),
    gap_ms,
  };
}
