/** GPU use: from DCGM's exporter where its URL is given, from nvidia-smi where there is one, else absent. */
import { parseExposition } from '../../domain/text/exposition.ts';
import type { ServerSample } from '../../domain/run/server-sample.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import type { Io } from '../io.ts';
import { capture } from '../services/process.ts';
import { ask } from '../services/http.ts';

export type GpuUse = NonNullable<ServerSample['gpu']>;
/** Mean share over the GPUs, and memory in all; null: nothing came. */
export type GpuReader = () => Promise<GpuUse | null>;

const MIB = 2 ** 20;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const QUERY = ['--query-gpu=utilization.gpu,memory.used', '--format=csv,noheader,nounits'];

/** `37, 4093` a GPU; `[N/A]` where a card doesn't say. */
export function parseNvidiaSmi(text: string): GpuUse | null {
  const rows = text
    .split('\n')
    .map((line) => line.split(',').map((cell) => Number(cell.trim())))
    .filter(([share]) => share !== undefined && Number.isFinite(share))
    .filter((row) => row.length === 2);
  if (rows.length === 0) return null;
  const memory = rows.map(([, mib]) => mib ?? Number.NaN);
  return {
    share: mean(rows.map(([percent]) => percent ?? 0)) / 100,
    memory_bytes: memory.every(Number.isFinite) ? total(memory) * MIB : null,
  };
}

/** DCGM_FI_DEV_GPU_UTIL in percent, DCGM_FI_DEV_FB_USED in MiB. */
export function parseDcgm(text: string): GpuUse | null {
  const of = (wanted: string): number[] =>
    parseExposition(text).flatMap(({ name, value }) => (name === wanted ? value : []));
  const use = of('DCGM_FI_DEV_GPU_UTIL');
  const memory = of('DCGM_FI_DEV_FB_USED');
  if (use.length === 0) return null;
  return { share: mean(use) / 100, memory_bytes: memory.length === 0 ? null : total(memory) * MIB };
}

/** Null: this machine has no GPU that can be asked. */
export async function findGpu(io: Io, settings: Settings): Promise<GpuReader | null> {
  const url = settings.gpuMetrics;
  if (url !== null) {
    return async () => {
      const answer = await ask(io, settings, url, { timeout_ms: 1000 }).catch(() => null);
      return answer === null || answer.status !== 200 ? null : parseDcgm(answer.body);
    };
  }
  const smi = async (): Promise<GpuUse | null> => {
    const { code, stdout } = await capture('nvidia-smi', QUERY, io.cwd);
    return code === 0 ? parseNvidiaSmi(stdout) : null;
  };
  return (await smi()) === null ? null : smi;
}
