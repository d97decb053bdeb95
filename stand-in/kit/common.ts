import { choice, list, number, override } from './flags.ts';

export const portFlag = number({
  initial: 0,
  min: 0,
  max: 65_535,
  integer: true,
  doc: 'port on 127.0.0.1; 0 is any free one',
});

export const variants = ['baseline', 'shadow'] as const;
export type Variant = (typeof variants)[number];

/** The flags of every server that is loaded. */
export const commonFlags = {
  port: portFlag,
  variant: choice(variants, 'baseline', `which of the two it plays: ${variants.join(', ')}`),
  seed: number({ initial: 1, min: 0, max: 2 ** 32 - 1, integer: true, doc: 'of all that is random' }),
  workers: override({
    min: 1,
    max: 100_000,
    integer: true,
    doc: "requests served at once (default the profile's)",
  }),
  latency_scale: number({
    initial: 1,
    min: 0,
    max: 1000,
    doc: 'factor on every service time; 0 answers at once',
  }),
  fault: list('KIND=AMOUNT[:ARG], see below'),
  fault_path: list('where faults strike, e.g. /health (default every POST path)'),
};
