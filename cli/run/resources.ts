/** What the load costs the machine it runs on: one line a second in resources.jsonl. Linux reads /proc; elsewhere the process's share is absent. */
import { appendFileSync, readFileSync } from 'node:fs';
import os from 'node:os';

export interface ResourceWatch {
  stop(): void;
}

const PERIOD_MS = 1000;
/** USER_HZ: fixed at 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

function machineTimes(): { busy: number; total: number } {
  let busy = 0;
  let total = 0;
  for (const { times } of os.cpus()) {
    const all = times.user + times.nice + times.sys + times.irq + times.idle;
    total += all;
    busy += all - times.idle;
  }
  return { busy, total };
}

/** CPU seconds that a process has used, and its resident bytes; null where that can't be read. */
export function processUsage(pid: number): { cpu_s: number; rss_bytes: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { cpu_s: ticks / TICKS_PER_SECOND, rss_bytes: Number(fields[21]) * 4096 };
  } catch {
    return null;
  }
}

/** Watches the machine and these processes until stopped. */
export function watchResources(
  file: string,
  block: number,
  processes: Readonly<Record<string, number>>,
): ResourceWatch {
  let before = machineTimes();
  let beforeAt = performance.now();
  const used = new Map<string, number>();
  const sample = (): void => {
    const after = machineTimes();
    const at = performance.now();
    const elapsed_s = (at - beforeAt) / 1000;
    const line: Record<string, unknown> = {
      at_ms: Date.now(),
      block,
      cpu_share:
        after.total > before.total ? (after.busy - before.busy) / (after.total - before.total) : null,
      processes: Object.fromEntries(
        Object.entries(processes).map(([name, pid]) => {
          const usage = processUsage(pid);
          const previous = used.get(name);
          if (usage !== null) used.set(name, usage.cpu_s);
          return [
            name,
            usage === null
              ? null
              : {
                  cores: previous === undefined ? null : (usage.cpu_s - previous) / elapsed_s,
                  rss_bytes: usage.rss_bytes,
                },
          ];
        }),
      ),
    };
    [before, beforeAt] = [after, at];
    try {
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    } catch {
      // A full disk is reported by the request log; the watch itself must not end the run.
    }
  };
  const timer = setInterval(sample, PERIOD_MS);
  return {
    stop() {
      clearInterval(timer);
      sample();
    },
  };
}
