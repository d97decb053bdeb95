/** The headers that requests to a variant carry, in k6 and in the cli's own first look at the server. */
import type { Settings } from './settings.ts';
import { settingsFor } from './variants.ts';
import { BadValue } from '../text/units.ts';
import type { Variant } from '../variants.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws BadValue where a header's variable is empty; the value itself is never in a message */
export function requestHeaders(
  settings: Settings,
  variant: Variant,
  env: Environment,
): Record<string, string> {
  const { api_key, headers } = settingsFor(settings, variant);
  return headersWith(api_key, { header: headers }, env);
}

/** The user's own headers, and the bearer token where there is one. @throws BadValue as above */
export function headersWith(
  token: string | null,
  settings: Pick<Settings, 'header'>,
  env: Environment,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (token !== null) headers['Authorization'] = `Bearer ${token}`;
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
