import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { PROBLEM_JSON, problem } from './problem.js';
import { replyWithProblem } from './problem-reply.js';

interface Fault {
  readonly status: number;
  readonly detail: string;
}

/** By the code of what Node found wrong before there was a request to route. */
const FAULTS: Readonly<Record<string, Fault>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The headers are too large: at most 16 KiB.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'The chunk extensions are too large.' },
};
const NOT_HTTP: Fault = { status: 400, detail: 'This is not a request of HTTP/1.1.' };

/** For a client that takes no answer either. */
const LINGER_MS = 2_000;

/** Node keeps here the answer that a connection waits for or is being sent. */
interface HttpSocket extends Socket {
  readonly _httpMessage?: { readonly headersSent: boolean } | null;
}

/** Answers what is no request, or never becomes one, and ends its connection. */
export function answerClientError(error: Error & { code?: string }, socket: HttpSocket): void {
  const { status, detail } = FAULTS[error.code ?? ''] ?? NOT_HTTP;
  // Into an answer that has begun, another one would be read as its body. Node checks the same.
  if (!socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  const id = randomUUID();
  const body = JSON.stringify(problem(status, detail, id));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Date: ${new Date().toUTCString()}`,
    `Content-Type: ${PROBLEM_JSON}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${id}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** Answers a URL that the router refuses, before any hook has run. */
export function answerFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const tooLong = error.statusCode === 414;
  reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
  replyWithProblem(reply, {
    status: tooLong ? 414 : 400,
    detail: tooLong
      ? 'A part of the path is too long: at most 100 characters.'
      : 'The path is not valid: it has a % that is not followed by the two digits of a UTF-8 byte.',
  });
}
