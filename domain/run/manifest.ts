/** The manifest of a run: what was run, on what, by which versions; settings without secrets. */
import * as v from 'valibot';
import { fieldOf } from '../text/fields.ts';
import { jsonValue } from '../text/json.ts';
import { SCHEMA_VERSION } from '../record/schema-version.ts';
import { loadSchema, STOPS, variantName } from './block.ts';
import { thresholdsSchema } from '../verdict/thresholds.ts';
import { parseSettings, type Settings } from '../settings/settings.ts';
import { checkVariants, type ByVariant } from '../variants.ts';
import { BadValue } from '../text/units.ts';

const identitySchema = v.strictObject({
  /** From the server's own metrics, where it has them. */
  process_start_time_s: v.nullable(v.number()),
  process_id: v.nullable(v.string()),
  /** What /health said, as text of at most 200 characters: untrusted. */
  health: v.nullable(v.string()),
});
export type ServerIdentity = v.InferOutput<typeof identitySchema>;

const variantSchema = v.strictObject({
  label: v.string(),
  /** Without user information. */
  url: v.string(),
  stand_in: v.boolean(),
  identity: v.nullable(identitySchema),
  /** After the load: another process, or none, means that the server did not live through it. */
  identity_after: v.optional(v.nullable(identitySchema)),
});

export type ManifestVariant = v.InferOutput<typeof variantSchema>;

/** Null: the members of this record are names of variants. */
function namesProblem(of: object): string | null {
  try {
    checkVariants(Object.keys(of));
    return null;
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    return error.message;
  }
}

const variantsSchema = v.pipe(
  v.record(v.string(), v.optional(variantSchema)),
  v.check(
    (of) => namesProblem(of) === null,
    ({ input }) => namesProblem(input) ?? '',
  ),
  v.transform((of): ByVariant<ManifestVariant> => of),
);

const manifestSchema = v.strictObject({
  schema_version: v.literal(SCHEMA_VERSION),
  run_id: v.string(),
  job: v.string(),
  /** `running` and `incomplete` differ only in whether the suite could still say goodbye. */
  status: v.picklist(['running', 'complete', 'incomplete']),
  started_ms: v.number(),
  ended_ms: v.nullable(v.number()),
  stopped: v.nullable(
    v.variant('reason', [
      ...STOPS,
      v.strictObject({ reason: v.picklist(['interrupted', 'k6_failed']), at_ms: v.number() }),
    ]),
  ),
  variants: variantsSchema,
  settings: v.record(v.string(), v.string()),
  sources: v.record(v.string(), v.string()),
  thresholds: thresholdsSchema,
  payloads: v.strictObject({
    source: v.string(),
    count: v.number(),
    labelled: v.number(),
    sha256: v.string(),
  }),
  /** Gates that this load could not fill, left out before it. */
  left_out: v.optional(v.array(v.strictObject({ gate: v.string(), cure: v.string() }))),
  blocks: v.array(
    v.strictObject({
      block: v.number(),
      variants: v.array(variantName),
      duration_ms: v.number(),
      /** What each variant was asked for, where the blocks differ in it. */
      loads: v.optional(v.record(variantName, loadSchema)),
      started_ms: v.number(),
      ended_ms: v.number(),
      k6_exit_code: v.nullable(v.number()),
    }),
  ),
  /** The blocks are steps of rising load: judged each by itself, for a capacity. */
  ramp: v.optional(v.boolean()),
  /** After how many blocks each planned look was; empty: one look, at the end. */
  looks: v.array(v.number()),
  /** How much two deployments of one build differ: log-SD by statistic, and who measured it; null: not known. */
  deployment_noise: v.nullable(
    v.strictObject({ log_sd: v.record(v.string(), v.number()), source: v.string() }),
  ),
  /** This run stands in for one in which the load machine was the limit. */
  fallback: v.nullable(v.strictObject({ from_run: v.string(), from_vus: v.number() })),
  versions: v.strictObject({ suite: v.string(), k6: v.string(), node: v.string() }),
  machine: v.strictObject({
    os: v.string(),
    arch: v.string(),
    cpu_model: v.string(),
    cpus: v.number(),
    memory_bytes: v.number(),
  }),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;

/** @throws BadValue that says which part of the manifest is wrong, or that another version of the suite wrote it. */
export function parseManifest(text: string, where: string): Manifest {
  const value = jsonValue(text, where, 'the run directory was damaged: make the run again');
  const version = fieldOf(value, 'schema_version');
  if (version !== undefined && version !== SCHEMA_VERSION)
    throw new BadValue(
      `${where} has schema_version ${JSON.stringify(version)}; this suite reads ${SCHEMA_VERSION}: use the version of the suite that wrote it`,
    );
  const result = v.safeParse(manifestSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new BadValue(`${where}: ${v.getDotPath(issue) ?? 'the whole'}: ${issue.message}`);
}

/** Its steps are judged one by one, not as one load. */
export const isRamp = (manifest: Manifest): boolean => manifest.ramp === true;

/** The settings of a run as values; what its manifest kept of them. @throws BadValue */
export function settingsOf(manifest: Manifest): Settings {
  // An older suite wrote what was absent as an empty text.
  const texts = Object.entries(manifest.settings).filter(([, text]) => text !== '');
  const { settings, problems } = parseSettings({ flags: {}, env: Object.fromEntries(texts), job: {} });
  const [problem] = problems;
  if (problem !== undefined) throw new BadValue(`the manifest of ${manifest.run_id}: ${problem}`);
  return settings;
}
