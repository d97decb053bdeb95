/** The verbs of the suite: one file each under commands/, one row each here. */
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../domain/verdict/exit-codes.ts';
import {
  SETTINGS,
  SETTING_NAMES,
  envName,
  flagName,
  parseSettings,
  type ParsedSettings,
  type Setting,
  type SettingGroup,
  type SettingName,
} from '../domain/settings/settings.ts';
import { SCENARIO_NAMES, type ScenarioName } from '../domain/jobs/inference/names.ts';
import { SCENARIOS } from '../domain/jobs/inference/scenarios.ts';
import { offer } from '../domain/text/nearest.ts';
import { VARIANTS, type Variant } from '../domain/variants.ts';
import { parseNumber } from '../domain/text/units.ts';
import { calibrateCommand } from './commands/calibrate.ts';
import { compareCommand } from './commands/compare.ts';
import { exportCommand } from './commands/export.ts';
import { GATEWAY_SETTINGS, gatewayCommand, gatewayCommands } from './commands/gateway.ts';
import { inferenceCommand } from './commands/inference.ts';
import { GATE_FLAGS, gateCommand } from './commands/gate.ts';
import { DECIDE_FLAGS, gateDecideCommand } from './commands/gate-decide.ts';
import { LOAD_TEST_FLAGS, LOAD_TEST_SETTINGS, gateLoadTestCommand } from './commands/gate-load-test.ts';
import { loadCommand } from './commands/load.ts';
import { selfcheckCommand } from './commands/selfcheck.ts';
import { listCommand, saveCommand, showCommand } from './commands/reference.ts';
import { regressCommand } from './commands/regress.ts';
import { pictureCommand } from './commands/picture.ts';
import { recordsCommand } from './commands/records.ts';
import { settingsCommand } from './commands/settings.ts';
import { verifyCommand } from './commands/verify.ts';
import { withFlags } from './jobs/adapter-gate/flags.ts';
import { GATE_JOB } from './jobs/adapter-gate/load-test.ts';
import { UsageError, type Io } from './io.ts';
import { INFERENCE_GROUPS } from './jobs/inference.ts';
import { CALIBRATION, EFFECTS, JOBS } from './jobs/loads.ts';

/** Runs one command line. @throws UsageError, and whatever is our own bug */
export async function runCommand(io: Io): Promise<number> {
  let code: number = EXIT.pass;
  const program = new Command('k6-shadow');
  program
    .description(
      'Decides, from load, whether a new version of an LLM server (the shadow) may replace the one in service (the baseline).',
    )
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => {} });

  for (const job of JOBS) {
    const command = program.command(job.name).description(job.title);
    const settings = withSettings(command, settingsOfGroups(job.groups), io, job.settings);
    command.action(async () => {
      code = await loadCommand(io, job, checked(settings()));
    });
  }

  const effects = program
    .command('effect')
    .description("what a server's feature does to throughput: off and on in turn (A B B A)");
  for (const job of EFFECTS) {
    const command = effects.command(job.name).description(job.title);
    const settings = withSettings(command, settingsOfGroups(job.groups), io, job.settings);
    command.action(async () => {
      code = await loadCommand(io, { ...job, name: `effect-${job.name}` }, checked(settings()));
    });
  }
  for (const { name, title, wanted } of gatewayCommands) {
    const command = program.command(name).description(title);
    const settings = withSettings(command, GATEWAY_SETTINGS, io, {});
    command.action(async () => {
      code = await gatewayCommand(io, wanted, checked(settings()));
    });
  }
  for (const name of SCENARIO_NAMES) {
    const command = program.command(name).description(SCENARIOS[name].title);
    const settings = withSettings(command, settingsOfGroups(INFERENCE_GROUPS), io, SCENARIOS[name].settings);
    command.action(async () => {
      code = await inferenceCommand(io, [name], () => checked(settings()));
    });
  }
  const all = program
    .command('inference')
    .description(`all loads of an inference server in turn: ${SCENARIO_NAMES.join(', ')}`)
    .option('--only <names>', 'some of them, comma between', scenarioNames, SCENARIO_NAMES);
  const allSettings = withSettings(all, settingsOfGroups(INFERENCE_GROUPS), io, {});
  all.action(async ({ only }: { only: readonly ScenarioName[] }) => {
    code = await inferenceCommand(io, only, (defaults) => checked(allSettings(defaults)));
  });

  const comparing = program
    .command('compare')
    .description('remakes every output of a run from its raw log, or pairs two runs made apart')
    .argument('[run]', 'path or id; the newest by default')
    .option('--baseline <run>', 'the run whose baseline is taken')
    .option('--shadow <run>', 'the run that is taken as the shadow');
  const compareSettings = withSettings(comparing, COMPARE_SETTINGS, io, {});
  comparing.action((run: string | undefined, options: { baseline?: string; shadow?: string }) => {
    code = compareCommand(
      io,
      { run, baseline: options.baseline, shadow: options.shadow },
      checked(compareSettings()),
    );
  });

  const reference = program
    .command('reference')
    .description('stored results that later runs are held against');
  reference
    .command('save')
    .description('stores a run or a suite as references/<name>.json')
    .argument('[run]', 'path or id; the newest by default')
    .option('--name <name>', 'of the reference', 'main')
    .addOption(
      new Option('--variant <variant>', 'which side of a comparison').choices(VARIANTS).default('baseline'),
    )
    .action((run: string | undefined, options: { name: string; variant: Variant }) => {
      code = saveCommand(io, run, options);
    });
  reference
    .command('list')
    .description('names what is stored')
    .action(() => {
      code = listCommand(io);
    });
  reference
    .command('show')
    .description('the figures of a stored result')
    .argument('<name>', 'name or path')
    .action((name: string) => {
      code = showCommand(io, name);
    });

  const regressing = program
    .command('regress')
    .description('holds a run or a suite against a reference: p95 at most 1.2 times')
    .argument('[run]', 'path or id; the newest by default')
    .option('--against <name>', 'name or path of the reference');
  const regressSettings = withSettings(regressing, COMPARE_SETTINGS, io, {});
  regressing.action((run: string | undefined, options: { against?: string }) => {
    code = regressCommand(io, { run, against: options.against }, checked(regressSettings()));
  });

  program
    .command('verify')
    .description('one line a limit or target of a run or a suite, with its mark')
    .argument('[run]', 'path or id; the newest by default')
    .option('--baseline <file>', 'reference whose figures stand beside')
    .option('--output <file>', 'the same as JSON')
    .action((run: string | undefined, options: { baseline?: string; output?: string }) => {
      code = verifyCommand(io, { run, baseline: options.baseline, output: options.output });
    });

  program
    .command('export')
    .description('writes load-baseline.json and load-shadow.json from a run')
    .argument('[run]', 'path or id; the newest by default')
    .option('--out <dir>', "folder to write to (default the run's own)")
    .action((run: string | undefined, options: { out?: string }) => {
      code = exportCommand(io, run, options.out);
    });

  const gating = program
    .command('gate')
    .description("an adapter's performance gate on servers of our own: stand-in, Prometheus, MLflow");
  const gateFlags = withFlags(gating, GATE_FLAGS, io);
  const gateSettings = withSettings(gating, ['maxTokens', 'timeoutMs'], io, GATE_JOB.settings);
  gating.action(async () => {
    code = await gateCommand(io, gateFlags(), checked(gateSettings()));
  });

  const loadTesting = program
    .command('gate-load-test')
    .description("an adapter's performance gate, step 1: the load, and what Prometheus saw of it");
  const loadTestFlags = withFlags(loadTesting, LOAD_TEST_FLAGS, io);
  const loadTestSettings = withSettings(loadTesting, LOAD_TEST_SETTINGS, io, GATE_JOB.settings);
  loadTesting.action(async () => {
    code = await gateLoadTestCommand(io, loadTestFlags(), checked(loadTestSettings()));
  });

  const deciding = program
    .command('gate-decide')
    .description("an adapter's performance gate, step 2: the decision, and its record in MLflow");
  const decideFlags = withFlags(deciding, DECIDE_FLAGS, io);
  deciding.action(async () => {
    code = await gateDecideCommand(io, decideFlags());
  });

  const calibrating = program
    .command('calibrate')
    .description(
      'the proof that verdicts hold: simulated, and live with two equal servers; writes docs/calibration.md',
    )
    .option(
      '--live <n>',
      'runs of two equal servers, fresh processes each (59 bound the rate of false fails at 5 %)',
    )
    .option('--pairs <n>', 'simulated pairs a row', '1000')
    .option('--page <file>', 'page to write', 'docs/calibration.md');
  const calibrateSettings = withSettings(
    calibrating,
    settingsOfGroups(CALIBRATION.groups),
    io,
    CALIBRATION.settings,
  );
  calibrating.action(async (options: { live?: string; pairs: string; page: string }) => {
    const whole = (text: string): number => parseNumber(text, { min: 1, max: 1e6, whole: true });
    code = await calibrateCommand(io, CALIBRATION, checked(calibrateSettings()), {
      live: options.live === undefined ? null : whole(options.live),
      runs: whole(options.pairs),
      page: options.page,
    });
  });

  program
    .command('selfcheck')
    .description('how right our times of streamed answers are, against a server that stamps its own flushes')
    .option('--streams <n,n,...>', 'streams at once (default 10,100,200,500,1000)')
    .option('--duration <duration>', 'measured time of each', '15s')
    .option('--write', 'writes docs/selfcheck.md')
    .action(async (options: { streams?: string; duration: string; write?: boolean }) => {
      const { streams, duration, write } = options;
      code = await selfcheckCommand(io, { streams, duration, write: write === true });
    });

  program
    .command('picture')
    .description("dashboard-shadow.png: the report's charts as a picture, by a Chromium of this machine")
    .argument('[run]', 'path or id; the newest by default')
    .action(async (run: string | undefined) => {
      code = await pictureCommand(io, run);
    });

  program
    .command('settings', { hidden: true })
    .description('writes docs/settings.md from the table of settings')
    .option('--check', 'fails where the page is not what the table makes')
    .action((options: { check?: boolean }) => {
      code = settingsCommand(io, options.check === true);
    });

  program
    .command('records', { hidden: true })
    .description("writes docs/records.md and k6/requestlog/fields.go from the table of a record's fields")
    .option('--check', 'fails where a file is not what the table makes')
    .action((options: { check?: boolean }) => {
      code = recordsCommand(io, options.check === true);
    });

  try {
    await program.parseAsync([...io.argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.pass;
    throw new UsageError(error.message.replace(/^error: /, ''));
  }
  return code;
}

function scenarioNames(text: string): readonly ScenarioName[] {
  return text.split(',').map((given) => {
    const name = SCENARIO_NAMES.find((one) => one === given.trim());
    if (name === undefined)
      throw new UsageError(`--only: "${given}" is no load${offer(given, SCENARIO_NAMES)}`);
    return name;
  });
}

function checked(parsed: ParsedSettings): ParsedSettings {
  const [first, ...more] = parsed.problems;
  if (first === undefined) return parsed;
  throw new UsageError(
    more.length === 0
      ? first
      : `${parsed.problems.length} settings are refused:\n  ${parsed.problems.join('\n  ')}`,
  );
}

const settingsOfGroups = (groups: readonly SettingGroup[]): readonly SettingName[] =>
  SETTING_NAMES.filter((name) => groups.includes(SETTINGS[name].group));

/** What a run that is over can still be asked. */
const COMPARE_SETTINGS: readonly SettingName[] = [
  'alpha',
  'rule',
  'require',
  'failOn',
  'deploymentNoise',
  'thresholds',
  'json',
  'open',
  'out',
];

/** Adds these settings' flags; returns what reads them, with the environment, once the line is parsed. */
function withSettings(
  command: Command,
  names: readonly SettingName[],
  io: Io,
  job: Readonly<Partial<Record<SettingName, string>>>,
): (defaults?: Readonly<Partial<Record<SettingName, string>>>) => ParsedSettings {
  const flags: Partial<Record<SettingName, string>> = {};
  for (const name of names) {
    const setting: Setting<unknown> = SETTINGS[name];
    if (setting.secret === true) continue;
    const shown = job[name] ?? setting.format(setting.fallback);
    const note = shown === '' || setting.placeholder === '' ? '' : ` (default ${shown})`;
    const flag = `--${flagName(name)}`;
    const keep = (text: string): void => {
      const before = flags[name];
      flags[name] = setting.repeatable === true && before !== undefined ? `${before}\n${text}` : text;
    };
    if (setting.placeholder !== '') {
      command.addOption(
        new Option(`${flag} <${setting.placeholder}>`, `${setting.doc}${note} [${envName(name)}]`).argParser(
          keep,
        ),
      );
    } else if (setting.fallback === true) {
      command.addOption(new Option(`--no-${flagName(name)}`, `no ${setting.doc} [${envName(name)}=false]`));
      command.on(`option:no-${flagName(name)}`, () => keep('false'));
    } else {
      command.addOption(new Option(flag, `${setting.doc} [${envName(name)}]`));
      command.on(`option:${flagName(name)}`, () => keep('true'));
    }
  }
  command.allowExcessArguments(false);
  return (defaults = job) => parseSettings({ flags, env: io.env, job: defaults });
}
