/** What a scenario knows of its run. */
import type { BlockPlan } from '../../domain/run/block.ts';
import type { SettingName, Settings } from '../../domain/settings/settings.ts';
import type { Variant } from '../../domain/variants.ts';
import type { Shape } from './shapes.ts';

export interface Runtime {
  readonly settings: Settings;
  readonly plan: BlockPlan;
  /** Started by the suite's cli, which has checked everything and reads the results; else by hand. */
  readonly managed: boolean;
  readonly variants: readonly Variant[];
}

/** Each distinct answer's text is kept. */
export const keepsAnswers = ({ plan }: Runtime): boolean => (plan.answers_file ?? null) !== null;

export interface JobDefaults {
  readonly variants: readonly Variant[];
  readonly settings?: Readonly<Partial<Record<SettingName, string>>>;
  /** The same, where the defaults depend on what was given. */
  readonly settingsFor?: (given: Settings) => Readonly<Partial<Record<SettingName, string>>>;
}

/** What k6's options are made of. */
export interface LoadWiring {
  readonly name: string;
  /** The scenario's own thresholds file, as imported. */
  readonly thresholds: unknown;
  readonly shape: Shape;
}

export interface TlsOptions {
  readonly tlsAuth?: { cert: string; key: string }[];
}
