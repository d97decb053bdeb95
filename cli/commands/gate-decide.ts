/** `npm run gate:decide`: the second step of the gate. */
import { limitsOf } from '../../domain/jobs/adapter-gate/checks.ts';
import { decisionExit } from '../../domain/jobs/adapter-gate/decision.ts';
import { DECIDE } from '../../domain/settings/adapter-gate.ts';
import { command } from '../command.ts';
import { decide } from '../jobs/adapter-gate/decide.ts';
import type { Io } from '../io.ts';

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
    decisionExit(await decide(io, { ...options, trackingUri: trackingUri(io), limits: limitsOf(options) })),
});
