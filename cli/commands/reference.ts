/** `npm run reference -- save RUN [--name N] | list | show NAME`: stored results that later runs are held against. */
import { statSync } from 'node:fs';
import { EXIT } from '../../domain/verdict/exit-codes.ts';
import {
  REFERENCE_NAME,
  makeReference,
  storedData,
  storedManifest,
  storedRun,
  type Reference,
} from '../../domain/result/reference.ts';
import { compare } from '../../domain/result/compare.ts';
import type { RunData } from '../../domain/run/data.ts';
import { samples } from '../../domain/figures/samples.ts';
import { summarise } from '../../domain/figures/summary.ts';
import { BASELINE, VARIANT_NAMES, isVariant, type Variant } from '../../domain/variants.ts';
import { BadValue } from '../../domain/text/units.ts';
import { say, UsageError, type Io } from '../io.ts';
import { readRun } from '../read/run.ts';
import { readReference, referenceNames, saveReference } from '../read/references.ts';
import { terminalText } from '../report/escape.ts';
import { wordFinding } from '../report/words/findings.ts';
import { bytes, instant, integer, ms, percent } from '../report/format.ts';
import { textTable } from '../report/text.ts';
import { findRuns, shownPath } from '../run/directory.ts';
import { command, type CommandGroup } from '../command.ts';
import { named, required, setting, toggle, type Kind } from '../../domain/settings/kinds.ts';
import { RUN } from './run-argument.ts';

export function saveCommand(
  io: Io,
  given: string | undefined,
  {
    name,
    variant,
    evenInvalid,
  }: { readonly name: string; readonly variant: Variant; readonly evenInvalid: boolean },
): number {
  if (!REFERENCE_NAME.test(name))
    throw new UsageError(
      `--name "${name}" is no name for a file; allowed: letters, digits, dot, dash and underscore, as main or v1.2`,
    );
  const runs = findRuns(io, given).map((run) => {
    const data = readRun(run);
    if (data.manifest.status !== 'complete')
      throw new UsageError(
        `${shownPath(io, run.path)} is ${data.manifest.status}: a reference is made of a whole run`,
      );
    if (!evenInvalid) assertTrusted(data, shownPath(io, run.path));
    return storedRun(data, variant);
  });
  const path = saveReference(io, makeReference(name, runs));
  say(
    io,
    `${shownPath(io, path)}: ${runs.length} ${runs.length === 1 ? 'run' : 'runs'}, ${bytes(statSync(path).size)}; commit it, then npm run regress -- --against ${name}`,
  );
  return EXIT.pass;
}

/** What later runs are held against must itself be worth it. @throws UsageError */
function assertTrusted(data: RunData, where: string): void {
  const { verdict, findings } = compare(data);
  if (verdict.word !== 'invalid') return;
  const cause = findings.find(({ severity }) => severity === 'invalid');
  throw new UsageError(
    `${where} can't be trusted (${cause === undefined ? verdict.because.join(', ') : terminalText(wordFinding(cause))}): a reference of it would judge every later run wrong; run it anew, or give --even-invalid`,
  );
}

export function listCommand(io: Io): number {
  const names = referenceNames(io);
  if (names.length === 0) say(io, 'there is no reference yet: npm run reference -- save RUN');
  for (const name of names) {
    const { runs } = readReference(io, name);
    const manifests = runs.map((run) => storedManifest(run, name));
    const when = manifests[0] === undefined ? '' : instant(manifests[0].started_ms);
    io.stdout.write(`${name.padEnd(20)} ${when}  ${manifests.map(({ job }) => job).join(', ')}\n`);
  }
  return EXIT.pass;
}

export function showCommand(io: Io, given: string): number {
  io.stdout.write(`${textTable(figures(readReference(io, given)))}\n`);
  return EXIT.pass;
}

function figures(stored: Reference): Parameters<typeof textTable>[0] {
  const rows = stored.runs.map((run) => {
    const { manifest, measured } = storedData(run, stored.name);
    const of = measured.baseline;
    const cells = [manifest.job, manifest.variants.baseline?.label ?? '', instant(manifest.started_ms)];
    if (of === undefined) return cells;
    const summary = summarise(of, samples(of), { planned_ms: Infinity, clients: null, slo: null });
    const latency = summary.trends.request_duration;
    const at = (value: number | undefined): string => (value === undefined ? '-' : ms(value));
    return [
      ...cells,
      integer(summary.requests),
      percent(summary.failed / summary.requests),
      summary.throughput.ok_per_s.toFixed(1),
      at(latency?.p50),
      at(latency?.p95),
      at(latency?.p99),
    ];
  });
  return {
    id: 'reference',
    title: `Reference ${stored.name}`,
    head: ['scenario', 'server', 'measured', 'n', 'errors', 'req/s', 'p50', 'p95', 'p99'],
    rows,
  };
}

const variantName: Kind<Variant> = {
  placeholder: 'NAME',
  parse(given) {
    if (!isVariant(given))
      throw new BadValue(`"${String(given)}" is no name of a variant; allowed: ${VARIANT_NAMES}`);
    return given;
  },
  format: (value) => value,
};

export const reference: CommandGroup = {
  name: 'reference',
  title: 'stored results that later runs are held against',
  group: 'Results',
  commands: [
    command({
      name: 'save',
      title: 'stores a run or a suite as references/<name>.json',
      argument: RUN,
      options: {
        name: setting(named('NAME'), 'main', 'of the reference'),
        variant: setting(variantName, BASELINE, 'which side of a comparison'),
        evenInvalid: setting(toggle, false, "stores a run whose measurement can't be trusted as well"),
      },
      run: (io, { argument, options }) => saveCommand(io, argument, options),
    }),
    command({ name: 'list', title: 'names what is stored', run: listCommand }),
    command({
      name: 'show',
      title: 'the figures of a stored result',
      argument: { name: 'name', of: required(named('NAME'), 'name or path') },
      run: (io, { argument }) => showCommand(io, argument ?? ''),
    }),
  ],
};
