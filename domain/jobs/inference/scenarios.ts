/** The seven loads of an inference server, as data: what is asked, in which shape, by how many; all of it can be overridden. */
import type { SettingName } from '../../settings/settings.ts';
import type { ScenarioName } from './names.ts';

/** One kind of call; `batch`: how many texts go into one request (0: it takes none). */
export interface Operation {
  readonly name: 'health' | 'tokenize' | 'generate' | 'batch-tokenize' | 'batch-generate';
  readonly path: string;
  readonly batch: number;
}

const OPERATIONS = {
  health: { name: 'health', path: '/health', batch: 0 },
  tokenize: { name: 'tokenize', path: '/tokenize', batch: 1 },
  generate: { name: 'generate', path: '/generate', batch: 1 },
  'batch-tokenize': { name: 'batch-tokenize', path: '/batch/tokenize', batch: 3 },
  'batch-generate': { name: 'batch-generate', path: '/batch/generate', batch: 2 },
} as const satisfies Readonly<Record<Operation['name'], Operation>>;

/** steady: clients share a number of requests. paced: each client sends one request a `pace`. spike: few clients, many, few. */
export type Shape = 'steady' | 'paced' | 'spike';

export interface InferenceScenario {
  readonly name: ScenarioName;
  readonly title: string;
  readonly operation: Operation;
  readonly shape: Shape;
  /** In place of the table's defaults (domain/settings.ts). */
  readonly settings: Readonly<Partial<Record<SettingName, string>>>;
}

/** `durationMs` is the most that a load counted in requests may take. */
const common = { warmUpMs: '0s', drainMs: '0s', durationMs: '5m', dashboard: 'false' } as const;

function scenario(
  name: ScenarioName,
  title: string,
  operation: Operation,
  shape: Shape,
  [vus, requests, timeoutMs]: readonly [vus: number, requests: number, timeoutMs: string],
  more: InferenceScenario['settings'] = {},
): InferenceScenario {
  const counted = { vus: String(vus), requests: String(requests), timeoutMs, inferenceScenario: name };
  return { name, title, operation, shape, settings: { ...common, ...counted, ...more } };
}

/** Clients, requests and timeouts are the contract's. */
export const SCENARIOS: Readonly<Record<ScenarioName, InferenceScenario>> = {
  health: scenario('health', 'the health endpoint', OPERATIONS.health, 'steady', [10, 100, '30s']),
  tokenize: scenario('tokenize', 'one text a request', OPERATIONS.tokenize, 'steady', [5, 50, '30s']),
  generate: scenario('generate', 'one prompt a request', OPERATIONS.generate, 'steady', [5, 25, '60s']),
  'batch-tokenize': scenario(
    'batch-tokenize',
    'three texts a request',
    OPERATIONS['batch-tokenize'],
    'steady',
    [5, 25, '30s'],
  ),
  'batch-generate': scenario(
    'batch-generate',
    'two prompts a request',
    OPERATIONS['batch-generate'],
    'steady',
    [3, 15, '60s'],
  ),
  sustained: scenario(
    'sustained',
    'paced generation: does latency or memory drift?',
    OPERATIONS.generate,
    'paced',
    [10, 200, '30s'],
    { paceMs: '1500ms' },
  ),
  spike: scenario(
    'spike',
    'few clients, many, few again: does it recover?',
    OPERATIONS.generate,
    'spike',
    [2, 10, '30s'],
    { durationMs: '60s' },
  ),
};
