/** Steers the mock LM while a scenario runs, and asks it what it saw. */
import { setTimeout as wait } from 'node:timers/promises';
import { parseLmState, type LmSettings, type LmState } from '../../../domain/jobs/gateway/lm.ts';
import type { Settings } from '../../../domain/settings/settings.ts';
import type { Io } from '../../io.ts';
import { withoutCredentials } from '../../../domain/text/url.ts';
import { ask, asUsageError } from '../../services/http.ts';

const QUIET_WITHIN_MS = 3000;
const POLL_MS = 100;

export interface LmControl {
  readonly url: string;
  state(): Promise<LmState>;
  set(change: Partial<LmSettings>): Promise<LmState>;
  /** Waits a little until nothing is in flight, then sets all counters to 0. */
  reset(): Promise<void>;
}

/** @throws UsageError from each call where the LM does not answer as the suite's mock LM does */
export function lmControl(io: Io, settings: Settings, base_url: string): LmControl {
  const base = base_url.replace(/\/+$/, '');
  const control = async (path: string, json?: object): Promise<LmState> => {
    const where = `${withoutCredentials(base)}${path}`;
    try {
      const { body } = await ask(io, settings, `${base}${path}`, json === undefined ? {} : { json });
      return parseLmState(body, where);
    } catch (error) {
      throw asUsageError(error, (cause) => `the LM's control at ${where}: ${cause}`);
    }
  };
  const state = async (): Promise<LmState> => await control('/control');
  return {
    url: withoutCredentials(base),
    state,
    set: async (change) => await control('/control', change),
    async reset() {
      const until = Date.now() + QUIET_WITHIN_MS;
      while ((await state()).in_flight > 0 && Date.now() < until) await wait(POLL_MS);
      await control('/control/reset', {});
    },
  };
}
