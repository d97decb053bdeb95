/** The headers that requests to a variant carry, in k6 and in the cli's own first look at the server. */
import type { Settings } from './settings.ts';
import { BadValue } from './units.ts';
import type { Variant } from './variants.ts';

/** @throws BadValue where a header's variable is empty; the value itself is never in a message */
export function requestHeaders(
  settings: Settings,
  variant: Variant,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const headers: Record<string, string> = {};
  const key = variant === 'shadow' ? (settings.shadowApiKey ?? settings.apiKey) : settings.apiKey;
  if (key !== null) headers['Authorization'] = `Bearer ${key}`;
  for (const header of settings.header) {
    const value = 'env' in header ? env[header.env] : header.literal;
    if (value === undefined || ('env' in header && value === ''))
      throw new BadValue(
        `--header '${header.name}${'env' in header ? `: env:${header.env}': the variable ${header.env} is empty or missing; set it` : "' has no value"}`,
      );
    headers[header.name] = value;
  }
  return headers;
}
