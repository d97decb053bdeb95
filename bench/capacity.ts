/** `--search` in seeded trials on simulated servers of known capacity, in virtual time: the steps, judgement and choice of a live one. */
import type { SimulatedServer } from '../proof/capacity/simulated-server.ts';
import { IID_SERVER, SPELLS_SERVER, benchSearch } from '../proof/capacity/trials.ts';
import { atLeast, atMost, figure, type Figure, type Row } from './row.ts';

const TRIALS = 20;

function figures(server: SimulatedServer, name: string, aimed: boolean): Figure[] {
  const { within, worst_error, worst_time_share } = benchSearch(server, TRIALS);
  return [
    figure(`${name}: trials within 5 % of the capacity`, within, '', aimed ? atLeast(TRIALS) : null),
    figure(`${name}: worst error`, 100 * worst_error, '%', aimed ? atMost(5) : null),
    figure(
      `${name}: longest of the full ramp's time`,
      100 * worst_time_share,
      '%',
      aimed ? atMost(33.3) : null,
    ),
  ];
}

export const searchRow: Row = {
  name: 'search',
  title: `k6:ramp --search, ${TRIALS} seeded trials in virtual time`,
  measure: async () => [
    ...figures(IID_SERVER, 'independent service times', true),
    // Harder than the aim asks.
    ...figures(SPELLS_SERVER, 'slow spells (AR 0.7)', false),
  ],
};
