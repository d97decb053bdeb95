/** A server between the gate and another: it can end in mid-answer, for good or once, and call itself something else. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Proxy {
  readonly url: string;
  readonly seen: Seen[];
  /** The call with this number (from 1), and all after it, end in the middle of the answer. The other side has done its work. */
  dieAt: number;
  /** In place of the real host. */
  host: string | null;
  /** Answers in place of the other server; null: passed on. */
  answer: ((seen: Seen) => { status: number; body: string; type?: string } | null) | null;
  close(): Promise<void>;
}

export async function proxyTo(target: string | null): Promise<Proxy> {
  const goal = target === null ? null : new URL(target);
  const handle = (from: IncomingMessage, to: ServerResponse): void => {
    const seen = { method: from.method ?? '', path: from.url ?? '', headers: from.headers };
    proxy.seen.push(seen);
    const own = proxy.answer?.(seen) ?? null;
    const dies = proxy.seen.length >= proxy.dieAt;
    if (own !== null || goal === null) {
      from.resume();
      const { status, body, type = 'application/json' } = own ?? { status: 404, body: '' };
      to.writeHead(status, { 'content-type': type });
      to.end(body);
      return;
    }
    const onward = request(
      {
        host: goal.hostname,
        port: goal.port,
        path: from.url,
        method: from.method,
        headers: { ...from.headers, host: proxy.host ?? goal.host },
      },
      (answer) => {
        if (!dies) {
          to.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(to);
          return;
        }
        answer.resume().on('end', () => {
          to.writeHead(answer.statusCode ?? 502, { 'content-length': '1000' });
          to.write('{"status":"succ', () => to.socket?.destroy());
        });
      },
    );
    onward.on('error', () => to.socket?.destroy());
    from.pipe(onward);
  };
  const server = createServer(handle);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const proxy: Proxy = {
    url: `http://127.0.0.1:${port}`,
    seen: [],
    dieAt: Infinity,
    host: null,
    answer: null,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return proxy;
}
