/** `npm run gate:load-test`: the first step of the gate. */
import { WINDOWS } from '../../domain/jobs/adapter-gate/load-test.ts';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import type { ParsedSettings, SettingName } from '../../domain/settings/settings.ts';
import { choice, duration, number, text, type Values } from '../jobs/adapter-gate/flags.ts';
import { loadTest } from '../jobs/adapter-gate/load-test.ts';
import type { Io } from '../io.ts';

/** Without user information, which would show in the process list. */
const WEB_ADDRESS = {
  allowed: /^https?:\/\/[^/?#\s@]+(\/[^?#\s]*)?$/i,
  hint: 'http://HOST[:PORT][/PATH] or https://..., without user and password (they come from the environment)',
} as const;

export const LOAD_TEST_FLAGS = {
  vllmUrl: text({
    flag: 'vllm-url',
    placeholder: 'URL',
    doc: 'base URL of the vLLM server',
    ...WEB_ADDRESS,
  }),
  adapterName: text({
    flag: 'adapter-name',
    placeholder: 'NAME',
    doc: 'the LoRA adapter, as /v1/models lists it',
  }),
  evalDataPath: text({
    flag: 'eval-data-path',
    placeholder: 'FILE',
    doc: 'prompts, JSONL with "prompt_inference"; each is sent once',
  }),
  concurrency: number({
    flag: 'concurrency',
    fallback: 10,
    min: 1,
    max: 20_000,
    whole: true,
    doc: 'requests in flight at once',
  }),
  prometheusUrl: text({
    flag: 'prometheus-url',
    placeholder: 'URL',
    ...WEB_ADDRESS,
    doc: 'Prometheus that scrapes the server; secrets in PROMETHEUS_TOKEN, or _USERNAME and _PASSWORD',
  }),
  outputDir: text({
    flag: 'output-dir',
    placeholder: 'DIR',
    doc: 'gets load_test_results.json, load_test_status.txt and the run itself',
  }),
  scrapeWait: duration({
    flag: 'scrape-wait',
    fallback: 20_000,
    max: 600_000,
    doc: 'least wait after the last answer; longer until a later scrape is seen, two intervals at most',
  }),
  job: text({
    flag: 'job',
    placeholder: 'NAME',
    fallback: 'vllm-service',
    doc: "the server's job in Prometheus",
  }),
  window: choice({
    flag: 'window',
    of: WINDOWS,
    fallback: 'exact',
    doc: "decide on the test's exact range, or on the contract's window rounded up to the minute",
  }),
} as const;

/** Settings of the load that the gate's step takes too. */
export const LOAD_TEST_SETTINGS: readonly SettingName[] = [
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

export async function gateLoadTestCommand(
  io: Io,
  flags: Values<typeof LOAD_TEST_FLAGS>,
  parsed: ParsedSettings,
): Promise<number> {
  const result = await loadTest(io, flags, parsed);
  if (io.interrupted.aborted) return EXIT.interrupted;
  return result.status === 'completed' ? EXIT.pass : EXIT.invalid;
}
