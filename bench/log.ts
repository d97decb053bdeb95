/** A run directory with a log of made records, in the lines that lib/steps/exchange.ts and k6/requestlog write. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { BASELINE, SHADOW } from '../domain/variants.ts';
import shadowThresholds from '../thresholds/shadow.json';

const MEDIANS_MS = [
  [BASELINE, 300],
  [SHADOW, 305],
] as const;
const STARTED_MS = 1_767_225_600_000;
const LENGTH_MS = 60_000;
const PAYLOADS = 292;

/** @param records of each variant */
export function writeRun(directory: string, records: number): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest()));
  const log = join(directory, 'requests.jsonl');
  const file = openSync(log, 'w');
  const random = xoroshiro128plus(1);
  const uniform = (): number => uniformFloat64(random);
  const hex = (digits: number): string => {
    let text = '';
    while (text.length < digits)
      text += Math.floor(uniform() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return text.slice(0, digits);
  };
  let lines = '';
  for (let i = 0; i < records; i += 1) {
    for (const [variant, median_ms] of MEDIANS_MS) {
      const spread = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
      const ms = median_ms * Math.exp(0.3 * spread);
      const part = (share: number): string => (ms * share).toFixed(3);
      // Two clients in turn: every other pair ends in another order than it began.
      const index = i % 4 < 2 && (i | 1) < records ? i ^ 1 : i;
      lines += `{"variant":"${variant}","scenario":"shadow","block":0,"index":${index},"payload_id":"learner-${1 + ((index * 7) % PAYLOADS)}","phase":"measured","start_ms":${STARTED_MS + Math.floor((i * LENGTH_MS) / records)},"error":null,"cost_eur":${(0.00042 * (0.9 + 0.2 * uniform())).toFixed(9)},"trace_id":"${hex(32)}","traceparent":"00-${hex(32)}-${hex(16)}-01","stages_ms":{"decode":${part(0.87)},"prefill":${part(0.11)},"tokenize":${part(0.01)},"detokenize":${part(0.01)}},"correct":${uniform() < 0.8},"correct_translation":${uniform() < 0.85},"duration_ms":${ms.toFixed(6)},"waiting_ms":${part(0.99)},"connecting_ms":null,"tls_ms":null,"status":200,"answer_sha256":"${hex(64)}"}\n`;
      if (lines.length > 1 << 20) {
        writeSync(file, lines);
        lines = '';
      }
    }
  }
  writeSync(file, lines);
  closeSync(file);
  return log;
}

const server = (port: number): unknown => ({
  label: 'made',
  url: `http://127.0.0.1:${port}`,
  stand_in: false,
  identity: null,
});

function manifest(): unknown {
  return {
    schema_version: 1,
    run_id: 'bench',
    job: 'shadow',
    status: 'complete',
    started_ms: STARTED_MS,
    ended_ms: STARTED_MS + LENGTH_MS,
    stopped: null,
    variants: { baseline: server(8080), shadow: server(8081) },
    settings: {},
    sources: {},
    thresholds: shadowThresholds,
    payloads: { source: 'made', count: PAYLOADS, labelled: PAYLOADS, sha256: '0'.repeat(64) },
    blocks: [],
    looks: [],
    deployment_noise: null,
    fallback: null,
    versions: { suite: 'bench', k6: 'none', node: process.version },
    machine: { os: 'any', arch: 'any', cpu_model: 'any', cpus: 1, memory_bytes: 1 },
  };
}
