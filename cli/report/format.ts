/** Figures as text: three significant digits for times, honest signs for differences. */
import type { Unit } from '../../domain/record/metrics.ts';

export const MISSING = '-';

export function ms(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  if (value >= 100) return `${value.toFixed(0)} ms`;
  if (value >= 10) return `${value.toFixed(1)} ms`;
  return `${value.toFixed(2)} ms`;
}

export const EUR = 'EUR';

/** An amount in the currency that the run names. */
export function money(value: number, currency: string): string {
  if (value === 0) return `${currency} 0`;
  const digits = Math.abs(value) >= 1 ? 2 : Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value))));
  return `${currency} ${value.toFixed(digits)}`;
}

export const percent = (share: number, digits = 2): string => `${(share * 100).toFixed(digits)} %`;

/** `+7.1 %` of a ratio 1.071. */
export function change(ratio: number): string {
  const value = (ratio - 1) * 100;
  if (!Number.isFinite(value)) return MISSING;
  const shown = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1);
  return `${value >= 0 ? '+' : ''}${shown} %`;
}

/** `+15.0 pp` of a difference 0.15. */
export const points = (difference: number): string =>
  `${difference >= 0 ? '+' : ''}${(difference * 100).toFixed(1)} pp`;

export const integer = (value: number): string =>
  String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202F');

/** In powers of 1024: what systems mean by a server's memory. */
export function bytes(value: number): string {
  const size = Math.abs(value);
  if (size >= 2 ** 30) return `${(value / 2 ** 30).toFixed(2)} GiB`;
  if (size >= 2 ** 20) return `${(value / 2 ** 20).toFixed(1)} MiB`;
  return `${(value / 2 ** 10).toFixed(0)} KiB`;
}

/** A load with the digits that a search can tell. */
export const amount = (load: number): string => String(Number(load.toPrecision(3)));

export const mebibytes = (value: number): string => `${(value / 2 ** 20).toFixed(0)} MiB`;

/** @param currency of an amount of money */
export function quantity(value: number, unit: Unit, currency = EUR): string {
  switch (unit) {
    case 'ms':
      return ms(value);
    case 'EUR':
      return money(value, currency);
    case 'share':
      return percent(value);
    case 'bytes':
      return bytes(value);
    case 's':
      return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3)} s`;
    case 'tokens':
    case 'count':
      return integer(value);
    case 'clients':
      return `${amount(value)} clients`;
    case 'tokens/s':
    case 'requests/s':
      return `${value >= 100 ? value.toFixed(0) : value.toFixed(2)}/s`;
  }
}

/** A figure that may be absent. */
export const orMissing = (value: number | null | undefined, show: (value: number) => string): string =>
  value === null || value === undefined ? MISSING : show(value);

/** UTC, to the second. */
export const instant = (epoch_ms: number): string =>
  `${new Date(epoch_ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
