/** Every phase of the gateway suite: what is done comes from the plan of the cli, which steers the servers between phases. */
import { gatewayLoad } from '../lib/jobs/gateway-load.ts';

const load = gatewayLoad();

export const options = load.options;
export const setup = load.setup;
export const user = load.user;
export const probe = load.probe;
export const teardown = load.teardown;
export const handleSummary = load.handleSummary;
