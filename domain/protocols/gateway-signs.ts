/** What gateways and caches say of an answer in its headers, by their public documentation. */
export const GATEWAY_SIGNS = ['cache', 'fallback', 'retry'] as const;
export type GatewaySign = (typeof GATEWAY_SIGNS)[number];

const hit = (value: string): boolean => /\bhit\b/i.test(value);
const some = (value: string): boolean => Number(value) > 0;

interface SignHeader {
  /** In canonical form, as k6/x/stream and k6/http have them. */
  readonly header: string;
  readonly sign: GatewaySign;
  readonly says: (value: string) => boolean;
}

const HEADERS: readonly SignHeader[] = [
  // LiteLLM, "Response Headers": the key is there where the answer came from its cache.
  { header: 'X-Litellm-Cache-Key', sign: 'cache', says: (value) => value !== '' },
  { header: 'X-Litellm-Attempted-Fallbacks', sign: 'fallback', says: some },
  { header: 'X-Litellm-Attempted-Retries', sign: 'retry', says: some },
  // Portkey, "Cache": HIT, SEMANTIC HIT, MISS, REFRESH; "Automatic Retries".
  { header: 'X-Portkey-Cache-Status', sign: 'cache', says: hit },
  { header: 'X-Portkey-Retry-Attempt-Count', sign: 'retry', says: some },
  { header: 'Helicone-Cache', sign: 'cache', says: hit },
  { header: 'Cf-Aig-Cache-Status', sign: 'cache', says: hit },
  // Caches of HTTP: Varnish, nginx by custom, Cloudflare; RFC 9111 (Age), RFC 9211 (Cache-Status).
  { header: 'X-Cache', sign: 'cache', says: hit },
  { header: 'X-Cache-Status', sign: 'cache', says: hit },
  { header: 'X-Proxy-Cache', sign: 'cache', says: hit },
  { header: 'Cf-Cache-Status', sign: 'cache', says: hit },
  { header: 'Cache-Status', sign: 'cache', says: hit },
  { header: 'Age', sign: 'cache', says: some },
];

/** The signs that an answer's headers give, in the order of {@link GATEWAY_SIGNS}. */
export function gatewaySigns(headers: Readonly<Record<string, string>>): GatewaySign[] {
  const seen = new Set<GatewaySign>();
  for (const { header, sign, says } of HEADERS) {
    const value = headers[header];
    if (value !== undefined && says(value)) seen.add(sign);
  }
  return GATEWAY_SIGNS.filter((sign) => seen.has(sign));
}
