/** The only reader of k6's environment: settings, the block's plan, and which binary this is. */
import { SharedArray } from 'k6/data';
import type { Options } from 'k6/options';
import { headersWith, requestHeaders } from '../domain/settings/request-headers.ts';
import type { Settings } from '../domain/settings/settings.ts';
import { settingsFor } from '../domain/settings/variants.ts';
import type { Variant } from '../domain/variants.ts';
import type { JobDefaults, LoadWiring, Runtime, TlsOptions } from './load/runtime-shape.ts';

/** This binary carries k6/x/requestlog, k6/x/shared and k6/x/stream (k6/main.go says so). */
export const HAS_EXTENSIONS = __ENV['SUITE_K6'] === '1';

export type { JobDefaults, Runtime } from './load/runtime-shape.ts';

/**
 * `require`, not `import`: what is required so is evaluated when it is called, in the one context that k6 makes before
 * any VU's. The table of settings and the schemas cost each VU that evaluates them a megabyte and some 15 ms.
 */
declare function require(name: './first-context.ts'): typeof import('./first-context.ts');

/** Of the context that k6 makes first, which decides the options; VUs are made from 1 on. */
export const isFirstContext = (): boolean => __VU === 0;

/** Reads and checks everything once; every VU then has the result. @throws with every refused value, one a line. */
export function readRuntime(job: JobDefaults): Runtime {
  const shared = new SharedArray<Runtime>('runtime', () => [
    require('./first-context.ts').checkedRuntime(job),
  ]);
  const [runtime] = shared;
  if (runtime === undefined) throw new Error('the settings were not shared with this VU');
  return runtime;
}

/** k6's options; only the first context's count, so that no other makes them. */
export function optionsOf(runtime: Runtime, load: LoadWiring): Options {
  return isFirstContext() ? require('./first-context.ts').loadOptions(runtime, load) : {};
}

/** Where requests of a variant go, with the headers that they carry. */
export interface Target {
  readonly base_url: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function target(settings: Settings, variant: Variant): Target {
  return {
    base_url: (settingsFor(settings, variant).url ?? '').replace(/\/+$/, ''),
    headers: requestHeaders(settings, variant, __ENV),
  };
}

/** Headers of requests to a server that is no variant. */
export const headersOf = (settings: Settings, token: string | null): Record<string, string> =>
  headersWith(token, settings, __ENV);

/** A text that is handed over beside the settings: by the cli, or by the k6 scenario that this VU serves. */
export const handedOver = (variable: string): string | undefined => __ENV[variable];

/** TLS options of k6 from the settings; only the first context's count. */
export const tlsOptions = (settings: Settings): TlsOptions =>
  isFirstContext() ? require('./first-context.ts').tlsOptions(settings) : {};
