// The grammar service of the main job: POST /v1/grammar/correct, as baseline or as shadow.
import { Counter, Histogram } from 'prom-client';
import * as v from 'valibot';
import { Answers } from './grammar/answers.ts';
import { hostileText } from './grammar/hostile.ts';
import { readPayloads } from './grammar/payloads.ts';
import { type Behaviour, profile_names, profiles } from './grammar/profiles.ts';
import { commonFlags } from './kit/common.ts';
import { type FaultRules, faultHelp, serverFaults, transportFaults } from './kit/faults.ts';
import { defaultsOf } from './kit/command-line.ts';
import { absent, choice, named, number, setting } from '../domain/settings/kinds.ts';
import type { Values } from '../domain/settings/parse.ts';
import { LatencySource, jitter, textEffect } from './kit/latency.ts';
import { type Host, type Running, processHost, runAsMain } from './kit/process.ts';
import { noiseFlags } from './kit/noise-flags.ts';
import { randomFor } from './kit/random.ts';
import { StandIn } from './kit/server.ts';

const flags = {
  ...commonFlags,
  profile: setting(choice(profile_names), 'default', `how both variants behave: ${profile_names.join(', ')}`),
  payloads: setting(named(), 'payloads', 'folder of labelled payloads, *.json and *.jsonl'),
  correction_accuracy: absent(
    number({ min: 0, max: 1 }),
    "probability of a right correction (default the profile's)",
  ),
  translation_accuracy: absent(
    number({ min: 0, max: 1 }),
    "probability of a right translation (default the profile's)",
  ),
  accuracy_seed: setting(
    number({ min: 0, max: 2 ** 32 - 1, whole: true }),
    1,
    'of which texts are answered right',
  ),
  answer_noise: setting(number({ min: 0, max: 1 }), 0, 'share of answers that vary from request to request'),
  cost_eur: absent(number({ min: 0, max: 1000 }), "mean cost of a request (default the profile's)"),
  ...noiseFlags,
};

export type GrammarFlags = Values<typeof flags>;

const bodyFaults = {
  missing_cost: { measure: 'share', doc: 'no metadata.cost_eur' },
  missing_field: { measure: 'share', doc: 'no corrected' },
  hostile_text: { measure: 'share', doc: 'answers with HTML, markdown, ANSI codes, spreadsheet formulas' },
} as const satisfies FaultRules<string>;

const fault_rules = { ...transportFaults, ...serverFaults, ...bodyFaults };

const GrammarRequest = v.object({ text: v.string(), language: v.string(), translate_to: v.string() });

/** Decode is the rest: it dominates, and the tail is its. */
const STAGE_SHARES = { tokenize: 0.01, prefill: 0.11, detokenize: 0.01 };

/** Shares a service time out over the stages, with a little noise of their own; they sum to it (to a microsecond). */
function stagesOf(service_ms: number, expected_ms: number, noise: () => number) {
  // The small stages follow the usual time, not this request's: a slow request is slow in decode.
  const part = (share: number) => Math.min(expected_ms * noise(), service_ms) * share;
  const tokenize = part(STAGE_SHARES.tokenize);
  const prefill = part(STAGE_SHARES.prefill);
  const detokenize = part(STAGE_SHARES.detokenize);
  return { tokenize, prefill, decode: service_ms - tokenize - prefill - detokenize, detokenize };
}

const rounded = (stages: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(stages).map(([stage, ms]) => [stage, Math.round(ms * 1000) / 1000]));

function behaviourOf(given: GrammarFlags): Behaviour {
  const profile = profiles[given.profile][given.variant];
  return {
    ...profile,
    workers: given.workers ?? profile.workers,
    correction_accuracy: given.correction_accuracy ?? profile.correction_accuracy,
    translation_accuracy: given.translation_accuracy ?? profile.translation_accuracy,
    cost_eur: given.cost_eur ?? profile.cost_eur,
    latency: { ...profile.latency, median_ms: profile.latency.median_ms * given.latency_scale },
  };
}

/** Starts the service in this process. @throws {BadValue} at bad flags or payloads; rejects where the port is taken */
export async function start(given: Partial<GrammarFlags> = {}, host: Host = processHost): Promise<Running> {
  const options = { ...defaultsOf(flags), ...given };
  const { variant, seed } = options;
  const behaviour = behaviourOf(options);
  const payloads = readPayloads(options.payloads);
  const server = new StandIn({
    ...options,
    server: 'grammar',
    workers: behaviour.workers,
    fault_rules,
    host,
  });
  const latency = new LatencySource(behaviour.latency, options, seed, variant);
  const { accuracy_seed, answer_noise } = options;
  const answers = new Answers({ payloads, variant, behaviour, accuracy_seed, noise: answer_noise, seed });

  const registers = [server.registry];
  const cost = new Counter({ name: 'cost_eur_total', help: 'What the answers cost', registers });
  const stage_seconds = new Histogram({
    name: 'stage_duration_seconds',
    help: 'Time in each stage of an answer',
    labelNames: ['stage'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2, 3, 4, 5, 7.5, 10],
    registers,
  });

  server.health(() => ({ status: 'healthy', server: 'grammar', variant, payloads: payloads.size }));
  server.post('/v1/grammar/correct', GrammarRequest, async (request, { index, fault, trace_id, serve }) => {
    const { sigma_text } = behaviour.latency;
    const random = randomFor(seed, variant, 'detail', index);
    const service_ms = await serve(latency.next(index, request.text));
    const expected_ms = behaviour.latency.median_ms;
    const stages = rounded(stagesOf(service_ms, expected_ms, () => jitter(random, 0.1)));
    for (const [stage, ms] of Object.entries(stages)) stage_seconds.observe({ stage }, ms / 1000);
    // Cost goes by tokens, and so by the text as latency does.
    const by_text = Math.exp(sigma_text * textEffect(seed, request.text) - sigma_text ** 2 / 2);
    const cost_eur = Number((behaviour.cost_eur * by_text * jitter(random, 0.03)).toFixed(9));
    cost.inc(cost_eur);
    const answered = fault?.kind === 'hostile_text' ? hostileText(index) : answers.to(request.text, index);
    const metadata = { cost_eur, model: `grammar-${variant}`, stages };
    const body = { ...answered, metadata };
    const headers = { 'x-trace-id': trace_id };
    if (fault?.kind === 'missing_cost')
      return { headers, body: { ...answered, metadata: { ...metadata, cost_eur: undefined } } };
    if (fault?.kind === 'missing_field') return { headers, body: { ...body, corrected: undefined } };
    return { headers, body };
  });
  return server.listen();
}

runAsMain(import.meta.url, {
  server: 'grammar',
  flags,
  help: `\n${faultHelp(fault_rules)}`,
  start,
  variantOf: ({ variant }) => variant,
});
