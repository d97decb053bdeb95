import type { FastifyReply } from 'fastify';
import type { Fault } from './faults.ts';
import { sleep } from './sleep.ts';

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content_type?: string;
  /** An object becomes JSON; text goes out as it is. */
  readonly body: object | string;
}

interface Rendered {
  readonly type: string;
  readonly text: string;
}

function render({ body, content_type }: Answer): Rendered {
  if (typeof body === 'string') return { type: content_type ?? 'text/plain; charset=utf-8', text: body };
  return { type: content_type ?? 'application/json; charset=utf-8', text: JSON.stringify(body) };
}

function send(reply: FastifyReply, given: Answer, { type, text }: Rendered): FastifyReply {
  reply.code(given.status ?? 200).headers(given.headers ?? {});
  // An empty text is an empty body, as axum answers 404 and 405: no content type either.
  if (text !== '') reply.type(type);
  return reply.send(text);
}

/** Sends an answer as it is. */
export function answer(reply: FastifyReply, given: Answer): FastifyReply {
  return send(reply, given, render(given));
}

/** Writes the first half and leaves the rest to the caller; the length announced is that of the whole. */
function writeHalf(reply: FastifyReply, given: Answer): Promise<Buffer> {
  const { type, text } = render(given);
  const bytes = Buffer.from(text);
  const half = Math.ceil(bytes.length / 2);
  reply.hijack();
  reply.raw.writeHead(given.status ?? 200, {
    ...given.headers,
    'content-type': type,
    'content-length': bytes.length,
  });
  return new Promise((resolve) =>
    reply.raw.write(bytes.subarray(0, half), () => resolve(bytes.subarray(half))),
  );
}

/** Sends an answer the way a fault of the transport has it; other faults leave it as it is. */
export async function answerWithFault(
  reply: FastifyReply,
  given: Answer,
  fault: Fault<string>,
): Promise<FastifyReply> {
  switch (fault.kind) {
    case 'status':
      return answer(reply, { ...given, status: fault.arg, body: { error: 'injected fault' } });
    case 'rate_limit': {
      const headers = { ...given.headers, 'retry-after': String(fault.arg) };
      return answer(reply, { status: 429, headers, body: { error: 'too many requests' } });
    }
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return reply;
    case 'slow_body': {
      const rest = await writeHalf(reply, given);
      await sleep(fault.arg);
      reply.raw.end(rest);
      return reply;
    }
    case 'cut_body':
      await writeHalf(reply, given);
      reply.raw.destroy();
      return reply;
    case 'bad_json': {
      const { type, text } = render(given);
      return send(reply, given, { type, text: text.slice(0, Math.floor((text.length * 2) / 3)) });
    }
    case 'wrong_content_type': {
      const text = '<!doctype html><title>Sign in</title><p>Please sign in to continue.</p>';
      return send(reply, given, { type: 'text/html; charset=utf-8', text });
    }
    case 'huge': {
      const { text } = render(given);
      const padding = 'x'.repeat(Math.max(0, fault.arg - text.length));
      return answer(reply, {
        ...given,
        body: typeof given.body === 'string' ? `${given.body}${padding}` : { ...given.body, padding },
      });
    }
    default:
      return answer(reply, given);
  }
}
