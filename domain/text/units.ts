/** Text to quantity and back: durations, whole numbers, sizes. Pure; every refusal says what is allowed. */

/** A refused value: what was given and what is allowed, worded for the person who typed it. */
export class BadValue extends Error {
  override readonly name = 'BadValue';
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;

/** `"1m30s"` to milliseconds. A bare number is refused: its unit would be a guess. */
export function parseDuration(text: string): number {
  if (!DURATION.test(text)) {
    const hint = /^\d+(\.\d+)?$/.test(text) ? ` (a unit is missing: ${text}s?)` : '';
    throw new BadValue(
      `"${text}" is no duration${hint}; allowed: a number with ms, s, m or h, as 500ms, 60s, 1m30s`,
    );
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(DURATION_PART))
    total += Number(amount) * (MS_PER_UNIT[unit ?? ''] ?? 0);
  return Math.round(total * 1e6) / 1e6; // 64.004 x 1000 is 64004.00000000001
}

/** Milliseconds to the shortest duration text that {@link parseDuration} reads back. */
export function formatDuration(ms: number): string {
  if (ms % 1000 !== 0) return ms < 1000 ? `${ms}ms` : `${ms / 1000}s`;
  const seconds = ms / 1000;
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  const s = seconds % 60;
  if (h === 0 && seconds <= 120) return `${seconds}s`;
  return `${h > 0 ? `${h}h` : ''}${m > 0 ? `${m}m` : ''}${s > 0 ? `${s}s` : ''}`;
}

/** Plain decimal text to a number within [min, max]; whole where asked. */
export function parseNumber(text: string, bounds: { min: number; max: number; whole?: boolean }): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  const whole = bounds.whole === true;
  if (
    !Number.isFinite(value) ||
    value < bounds.min ||
    value > bounds.max ||
    (whole && !Number.isInteger(value))
  ) {
    const kind = whole ? 'a whole number' : 'a number';
    throw new BadValue(`"${text}" is out; allowed: ${kind} from ${bounds.min} to ${bounds.max}`);
  }
  return value;
}
