/** What the settings say of each variant. Nobody else may ask which setting holds a variant's value. */
import type { Members } from '../protocols/request-body.ts';
import { BadValue } from '../text/units.ts';
import { BASELINE, presentVariants, SHADOW, type ByVariant, type Variant } from '../variants.ts';
import type { SettingName, Settings } from './settings.ts';

export interface VariantSettings {
  /** Base URL of the user's server; null: the suite's stand-in is started. */
  readonly url: string | null;
  /** Further arguments of the stand-in. */
  readonly stand_in: string;
  readonly label: string;
  /** Null: the first that the server lists. */
  readonly model: string | null;
  readonly api_key: string | null;
  readonly headers: Settings['header'];
  /** Changes of each request's body, one after the other: members that are added, or taken out where they are null. */
  readonly bodies: readonly Members[];
  /** Command that redeploys the server. */
  readonly restart: string | null;
  /** Of a million tokens; null: not given. */
  readonly price: Settings['price'];
  /** Of an hour of the server; null: not given. */
  readonly price_per_hour: Settings['pricePerHour'];
  /** The settings that a message names. */
  readonly named: { readonly url: SettingName; readonly model: SettingName; readonly restart: SettingName };
}

interface Row {
  readonly read: (settings: Settings) => VariantSettings;
  // A server's address and its model are found out after the settings were read, and told to k6 by the same settings.
  readonly withUrl: (settings: Settings, url: string | null) => Settings;
  readonly withModel: (settings: Settings, model: string | null) => Settings;
}

const given = (...bodies: readonly (Members | null)[]): Members[] => bodies.filter((body) => body !== null);

const ROWS: ReadonlyMap<Variant, Row> = new Map<Variant, Row>([
  [
    BASELINE,
    {
      read: (settings) => ({
        url: settings.baselineUrl,
        stand_in: settings.baselineStandIn,
        label: settings.baselineLabel,
        model: settings.model,
        api_key: settings.apiKey,
        headers: [...settings.header, ...settings.offHeader],
        bodies: given(settings.body, settings.offBody),
        restart: settings.baselineRestart,
        price: settings.price,
        price_per_hour: settings.pricePerHour,
        named: { url: 'baselineUrl', model: 'model', restart: 'baselineRestart' },
      }),
      withUrl: (settings, baselineUrl) => ({ ...settings, baselineUrl }),
      withModel: (settings, model) => ({ ...settings, model }),
    },
  ],
  [
    SHADOW,
    {
      read: (settings) => ({
        url: settings.shadowUrl,
        stand_in: settings.shadowStandIn,
        label: settings.shadowLabel,
        model: settings.shadowModel ?? settings.model,
        api_key: settings.shadowApiKey ?? settings.apiKey,
        headers: [...settings.header, ...settings.onHeader],
        bodies: given(settings.body, settings.shadowBody, settings.onBody),
        restart: settings.shadowRestart,
        price: settings.shadowPrice ?? settings.price,
        price_per_hour: settings.shadowPricePerHour ?? settings.pricePerHour,
        named: { url: 'shadowUrl', model: 'shadowModel', restart: 'shadowRestart' },
      }),
      withUrl: (settings, shadowUrl) => ({ ...settings, shadowUrl }),
      withModel: (settings, shadowModel) => ({ ...settings, shadowModel }),
    },
  ],
]);

/** Every variant that settings can describe, whether or not a job takes it. */
export const variantSettings = (settings: Settings): ByVariant<VariantSettings> =>
  Object.fromEntries([...ROWS].map(([variant, { read }]) => [variant, read(settings)]));

/** @throws BadValue where no setting describes the variant */
export const settingsFor = (settings: Settings, variant: Variant): VariantSettings =>
  rowOf(variant).read(settings);

/** The servers of a deployment, and no other. @throws BadValue as above */
export function withUrls(settings: Settings, urls: ByVariant<string>): Settings {
  for (const variant of presentVariants(urls)) rowOf(variant);
  let found = settings;
  for (const [variant, { withUrl }] of ROWS) found = withUrl(found, urls[variant] ?? null);
  return found;
}

/** @throws BadValue as above */
export const withModel = (settings: Settings, variant: Variant, model: string | null): Settings =>
  rowOf(variant).withModel(settings, model);

function rowOf(variant: Variant): Row {
  const row = ROWS.get(variant);
  if (row === undefined)
    throw new BadValue(
      `no setting describes the variant "${variant}"; described are ${[...ROWS.keys()].join(', ')}`,
    );
  return row;
}
