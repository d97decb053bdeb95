// The probe's server: answers at once, so that what a request to it takes is the load machine's own delay.
import { createServer } from 'node:http';
import { portFlag } from './kit/common.ts';
import type { Values } from '../domain/settings/parse.ts';
import { type Running, runAsMain } from './kit/process.ts';

const flags = { port: portFlag };

/** `GET /` (or anything else) -> 204. Rejects where the port is taken. */
export async function start({ port }: Partial<Values<typeof flags>> = {}): Promise<Running> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
    response.statusCode = 204;
    response.end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port ?? 0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

runAsMain(import.meta.url, { server: 'null', flags, start, variantOf: () => null });
