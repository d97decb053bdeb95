/** How it is judged, and what comes out. */
import { absent, choice, duration, list, named, number, filePath, setting, toggle } from './kinds.ts';

export const VERDICT = {
  runs: setting(
    number({ min: 1, max: 1000, whole: true }),
    1,
    'repeats of the whole load, a block each; with stand-ins or restart commands, fresh servers each time',
  ),
  order: setting(
    choice(['parallel', 'abba']),
    'parallel',
    'both variants at once, or in turn (A B B A) where they share hardware; the measured time is for each variant',
  ),
  untilDecided: setting(
    toggle,
    false,
    'goes on in blocks, looking 3 to 5 times as planned, until every gate is decided or one has failed',
  ),
  maxDurationMs: setting(
    duration({ min: 1000 }),
    600_000,
    'most measured time of each variant with --until-decided',
  ),
  rule: setting(
    choice(['interval', 'point']),
    'interval',
    'gates judged by the interval of the difference, or by point figures alone (said in every output)',
  ),
  alpha: setting(number({ min: 0.0001, max: 0.25 }), 0.025, 'one-sided level of each gate'),
  require: setting(
    list(named(), 'GATE'),
    [],
    'a gate that must be decided even where the data make it advisory (as request_duration_p99)',
  ),
  failOn: setting(
    choice(['fail,inconclusive', 'fail', 'inconclusive', 'none']),
    'fail,inconclusive',
    'which answers of the gates fail a CI step (exit 1 and 3); failed limits and invalid runs always do',
  ),
  fallbackVus: absent(
    number({ min: 1, max: 20_000, whole: true }),
    'where the load machine was the limit, run once more with this many clients, on the record',
  ),
  deploymentNoise: absent(
    number({ min: 0, max: 1 }),
    'log-SD between deployments of one build (default what npm run calibrate -- --live measured)',
  ),
} as const;

export const OUTPUT = {
  out: absent(filePath('DIR'), 'run directory; must not exist yet (default results/<run-id>)'),
  drainMs: setting(
    duration({ max: 600_000 }),
    5000,
    'wait after the load before servers that we started are stopped, so that their traces flush',
  ),
  keepAnswers: setting(
    toggle,
    false,
    "keep the answers' text for good, each distinct one once in answers.jsonl (else it is removed once the answers are scored)",
  ),
  dashboard: setting(toggle, true, 'live k6 web dashboard on 127.0.0.1, and dashboard.html at the end'),
  open: setting(toggle, false, 'open the live dashboard, and the report at the end, in a browser'),
  json: setting(toggle, false, 'comparison.json on standard output in place of the table'),
} as const;
