/** What the process says to CI. Where several apply, the first in this order. */
export const EXIT = {
  interrupted: 130,
  our_bug: 70,
  bad_input: 2,
  invalid: 4,
  threshold_failed: 99,
  gate_failed: 1,
  inconclusive: 3,
  pass: 0,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
