/** The seven loads, in the order in which they run: light ones first, so that a dead server is seen early. */
export const SCENARIO_NAMES = [
  'health',
  'tokenize',
  'generate',
  'batch-tokenize',
  'batch-generate',
  'sustained',
  'spike',
] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];
