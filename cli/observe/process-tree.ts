/** A process and its children, from /proc: who they are, what CPU and memory they have used. Elsewhere absent. */
import { readFileSync, readdirSync } from 'node:fs';

/** USER_HZ: fixed at 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  /** Its own, and that of children that have ended and were waited for. */
  readonly cpu_s: number;
  readonly rss_bytes: number;
}

function readStat(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in brackets and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const number = (place: number): number => Number(fields[place]);
    const ticks = number(11) + number(12) + number(13) + number(14);
    return {
      pid,
      parent: number(1),
      cpu_s: ticks / TICKS_PER_SECOND,
      rss_bytes: number(21) * PAGE_BYTES,
    };
  } catch {
    return null; // it has ended meanwhile, or this is no Linux
  }
}

function allStats(): Stat[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : []));
  } catch {
    return [];
  }
}

/** The process and everything below it; empty where it can't be seen. */
function tree(pid: number): Stat[] {
  const all = allStats();
  const root = all.find((stat) => stat.pid === pid);
  if (root === undefined) return [];
  const found = [root];
  for (let i = 0; i < found.length; i += 1)
    found.push(...all.filter(({ parent }) => parent === found[i]?.pid));
  return found;
}

/** The pids of a process and everything below it, itself first. */
export const descendants = (pid: number): number[] => tree(pid).map((stat) => stat.pid);

export interface TreeUsage {
  readonly cpu_s: number;
  readonly rss_bytes: number;
  readonly processes: number;
}

/** Null: it has ended, or can't be seen. */
export function treeUsage(pid: number): TreeUsage | null {
  const found = tree(pid);
  if (found.length === 0) return null;
  return {
    cpu_s: found.reduce((sum, stat) => sum + stat.cpu_s, 0),
    rss_bytes: found.reduce((sum, stat) => sum + stat.rss_bytes, 0),
    processes: found.length,
  };
}
