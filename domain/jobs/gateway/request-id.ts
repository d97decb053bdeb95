/**
 * Every request of a gateway run carries an id of its own inside its inputs: `gw-<run>-<scenario letter><phase letter><n>`. The
 * same id is found again in the gateway's log and in what the LM echoes, so that the sides can be reconciled; the run's
 * part keeps old lines and other people's traffic out.
 */
import { GATEWAY_PHASES, GATEWAY_SCENARIOS, type GatewayPhase, type GatewayScenario } from './scenarios.ts';

/** What the ids of one run begin with; `key` is letters and digits. */
export const runPrefix = (key: string): string => `gw-${key}-`;

export function requestId(
  key: string,
  scenario: GatewayScenario,
  phase: GatewayPhase,
  index: number,
  extra = '',
): string {
  const place = `${GATEWAY_SCENARIOS.indexOf(scenario)}${GATEWAY_PHASES.indexOf(phase)}`;
  return `${runPrefix(key)}${place}${extra}-${index}`;
}

/** All ids of the run that stand in a text, in order. */
export function idsIn(content: string, key: string): string[] {
  const prefix = runPrefix(key);
  const out: string[] = [];
  for (let from = content.indexOf(prefix); from !== -1; from = content.indexOf(prefix, from + 1)) {
    const id = /^[\w-]+/.exec(content.slice(from, from + prefix.length + 40))?.[0];
    if (id !== undefined) out.push(id);
  }
  return out;
}
