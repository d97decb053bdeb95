/** Ramps and the search for capacity, soaks, and the effect of a feature. */
import { MOST_PER_S } from '../load/arrivals.ts';
import { absent, duration, header, jsonObject, list, number, setting, toggle } from './kinds.ts';

export const CAPACITY = {
  from: setting(
    number({ min: 0.01, max: MOST_PER_S }),
    5,
    'load of the first step, in clients (or requests/s with --arrival)',
  ),
  to: setting(number({ min: 0.01, max: MOST_PER_S }), 50, 'load of the last step'),
  step: setting(number({ min: 0.01, max: MOST_PER_S }), 5, 'from one step to the next'),
  holdMs: setting(duration({ min: 1000 }), 60_000, 'measured time of each step'),
  search: setting(
    toggle,
    false,
    'coarse steps, then refined between the last good and the first bad one, in place of every step',
  ),
  resolution: setting(
    number({ min: 0.005, max: 0.5 }),
    0.035,
    'with --search: how near the last good and the first bad load must come, as a share',
  ),
} as const;

export const SOAK = {
  blockMs: absent(
    duration({ min: 1000 }),
    'the load in blocks of this time, each a k6 process of its own and a checkpoint',
  ),
} as const;

export const EFFECT = {
  offHeader: setting(list(header, "'NAME: VALUE'"), [], 'header that turns the feature off for a request'),
  onHeader: setting(list(header, "'NAME: VALUE'"), [], 'header that turns it on'),
  offBody: absent(jsonObject, 'members of the request that turn the feature off, as {"cache_prompt":false}'),
  onBody: absent(jsonObject, 'members that turn it on'),
} as const;
