/** `npm run gate:decide`: the second step of the gate. */
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import { limitsOf } from '../../domain/jobs/adapter-gate/checks.ts';
import type { Decision } from '../../domain/jobs/adapter-gate/decision.ts';
import { DECIDE } from '../../domain/settings/adapter-gate.ts';
import { command } from '../command.ts';
import { decide } from '../jobs/adapter-gate/decide.ts';
import type { Io } from '../io.ts';

const EXITS = { passed: EXIT.pass, failed: EXIT.gate_failed, invalid: EXIT.invalid } as const;

export function exitOf({ decision, findings }: Decision): number {
  return findings.some(({ code }) => code === 'other_gate_failed') ? EXIT.gate_failed : EXITS[decision];
}

/** From the environment alone: it may carry user information. */
const trackingUri = (io: Io): string | null => {
  const uri = io.env['MLFLOW_TRACKING_URI'];
  return uri === undefined || uri === '' ? null : uri;
};

export const gateDecide = command({
  name: 'gate-decide',
  title: "an adapter's performance gate, step 2: the decision, and its record in MLflow",
  group: "An adapter's gate",
  options: DECIDE,
  run: async (io, { options }) =>
    exitOf(await decide(io, { ...options, trackingUri: trackingUri(io), limits: limitsOf(options) })),
});
