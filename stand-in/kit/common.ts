import { absent, choice, list, named, number, setting } from '../../domain/settings/kinds.ts';

export const portFlag = setting(
  number({ min: 0, max: 65_535, whole: true }),
  0,
  'port on 127.0.0.1; 0 is any free one',
);

export const variants = ['baseline', 'shadow'] as const;
export type Variant = (typeof variants)[number];

/** The flags of every server that is loaded. */
export const commonFlags = {
  port: portFlag,
  variant: setting(choice(variants), 'baseline', `which of the two it plays: ${variants.join(', ')}`),
  seed: setting(number({ min: 0, max: 2 ** 32 - 1, whole: true }), 1, 'of all that is random'),
  workers: absent(
    number({ min: 1, max: 100_000, whole: true }),
    "requests served at once (default the profile's)",
  ),
  latency_scale: setting(number({ min: 0, max: 1000 }), 1, 'factor on every service time; 0 answers at once'),
  fault: setting(list(named(), 'TEXT'), [], 'KIND=AMOUNT[:ARG], see below'),
  fault_path: setting(
    list(named(), 'TEXT'),
    [],
    'where faults strike, e.g. /health (default every POST path)',
  ),
};
