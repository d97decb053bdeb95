/** `npm run gate:load-test`: the first step of the gate. */
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { LOAD_TEST } from '../../domain/settings/adapter-gate.ts';
import type { Values } from '../../domain/settings/parse.ts';
import type { ParsedSettings, SettingName } from '../../domain/settings/settings.ts';
import { command } from '../command.ts';
import { GATE_JOB, loadTest } from '../jobs/adapter-gate/load-test.ts';
import type { Io } from '../io.ts';

/** Settings of the load that the gate's step takes too. */
const LOAD_TEST_SETTINGS: readonly SettingName[] = [
  'maxTokens',
  'api',
  'apiPath',
  'temperature',
  'timeoutMs',
  'uniquePrefix',
  'seed',
  'header',
  'caFile',
  'clientCert',
  'clientKey',
  'keepAnswers',
];

async function gateLoadTestCommand(
  io: Io,
  flags: Values<typeof LOAD_TEST>,
  parsed: ParsedSettings,
): Promise<number> {
  const result = await loadTest(io, flags, parsed);
  if (io.interrupted.aborted) return EXIT.interrupted;
  return result.status === 'completed' ? EXIT.pass : EXIT.invalid;
}

export const gateLoadTest = command({
  name: 'gate-load-test',
  title: "an adapter's performance gate, step 1: the load, and what Prometheus saw of it",
  group: "An adapter's gate",
  options: LOAD_TEST,
  settings: LOAD_TEST_SETTINGS,
  defaults: GATE_JOB.settings,
  run: async (io, { options, settings }) => await gateLoadTestCommand(io, options, settings()),
});
