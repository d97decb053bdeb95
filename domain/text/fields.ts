/** Strict reading of JSON whose shape others decide: a refusal names the field, what it held and what belongs there. */

export class BadField extends Error {
  override readonly name = 'BadField';
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const SHOWN = 60;
const shown = (value: unknown): string =>
  value === undefined ? 'missing' : (JSON.stringify(value) ?? typeof value).slice(0, SHOWN);

export function refuse(field: string, value: unknown, allowed: string): never {
  throw new BadField(`${field} is ${shown(value)}; it should be ${allowed}`);
}

/** @throws BadField */
export function asFields(value: unknown, field: string): Fields {
  return isFields(value) ? value : refuse(field, value, 'an object');
}

export function text(of: Fields, field: string): string {
  const value = of[field];
  return typeof value === 'string' && value !== '' ? value : refuse(field, value, 'a text');
}

export function textOrNull(of: Fields, field: string): string | null {
  const value = of[field];
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : refuse(field, value, 'a text or null');
}

/** A finite number from 0. */
export function amount(of: Fields, field: string): number {
  const value = of[field];
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? value
    : refuse(field, value, 'a number from 0');
}

export function amountOrNull(of: Fields, field: string): number | null {
  return of[field] === undefined || of[field] === null ? null : amount(of, field);
}

export function flag(of: Fields, field: string): boolean {
  const value = of[field];
  return typeof value === 'boolean' ? value : refuse(field, value, 'true or false');
}

export function oneOf<const T extends string>(of: Fields, field: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === of[field]);
  return found ?? refuse(field, of[field], `one of ${allowed.join(', ')}`);
}
