/** What a JSON object looks like to TypeScript: its members are still unknown. */
export type Fields = Readonly<Record<string, unknown>>;

/** An object with members: neither null nor a list. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of what may be no object at all; undefined where there is none. */
export const fieldOf = (value: unknown, name: string): unknown =>
  isFields(value) && Object.hasOwn(value, name) ? value[name] : undefined;
