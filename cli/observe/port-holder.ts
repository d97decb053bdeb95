/** Who listens on a port of this machine: from /proc, where there is one. */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

const LISTEN = '0A';

/** Inodes of the sockets that listen on a port, any address, IPv4 and IPv6. */
function listeningInodes(port: number): Set<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    let text: string;
    try {
      text = readFileSync(`/proc/net/${table}`, 'utf8');
    } catch {
      continue;
    }
    for (const line of text.split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (inode !== undefined && state === LISTEN && local?.endsWith(`:${wanted}`) === true)
        inodes.add(inode);
    }
  }
  return inodes;
}

export interface Holder {
  readonly pid: number;
  readonly command: string;
}

/** Null where it can't be seen: another system, or another user's process. */
export function portHolder(port: number): Holder | null {
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return null;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const holds = readdirSync(`/proc/${pid}/fd`).some((fd) => {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
        return inode !== undefined && inodes.has(inode);
      });
      if (!holds) continue;
      // Arguments may hold secrets: the program and what it runs are enough to know it by.
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return { pid: Number(pid), command: words.slice(0, 2).join(' ').trim() };
    } catch {
      // it has ended, or is not ours to look into
    }
  }
  return null;
}

export async function portIsFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** `it is held by node server.js (pid 4711)`, or how to find out. */
export function holderInWords(port: number): string {
  const holder = portHolder(port);
  return holder === null
    ? `who holds it can't be seen from here (lsof -nP -iTCP:${port} -sTCP:LISTEN tells)`
    : `it is held by ${holder.command} (pid ${holder.pid})`;
}
