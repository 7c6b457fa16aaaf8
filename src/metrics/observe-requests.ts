import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { RequestMetrics, UnreadableReason } from './request.metrics.js';

const OBSERVED = Symbol('observed');

/** nginx's status for a client that went away: there was no answer that could have one. */
const CLIENT_CLOSED = 499;

const UNREADABLE: Readonly<Record<string, UnreadableReason>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
};

type Observed<Response> = Response & { [OBSERVED]?: true };

/**
 * Measures every request, whatever becomes of it: answered by a handler, a hook or the router, or
 * given up. Call it before anything else adds a hook that may answer.
 */
export function observeRequests(fastify: FastifyInstance, metrics: RequestMetrics): void {
  /** Connections with a request that did not come to its end: what was wrong there was in that. */
  const givenUp = new WeakSet<object>();

  const observe = (
    request: IncomingMessage,
    response: Observed<ServerResponse>,
    route: string | undefined,
  ): void => {
    response[OBSERVED] = true;
    const { socket, method = '' } = request;
    const startedAt = performance.now();
    metrics.began();
    // Not Fastify's onResponse, which is not called for an answer that cannot be sent to its end.
    response.on('close', () => {
      if (!request.complete || !response.writableFinished) givenUp.add(socket);
      const status = response.headersSent ? response.statusCode : CLIENT_CLOSED;
      metrics.ended(method, route, status, (performance.now() - startedAt) / 1_000);
    });
  };

  fastify.addHook('onRequest', (request, reply, done) => {
    observe(request.raw, reply.raw, request.routeOptions.url);
    done();
  });

  // Comes after Fastify's own listener: some are answered without a hook, as a malformed URL is.
  fastify.server.on('request', (request: IncomingMessage, response: Observed<ServerResponse>) => {
    if (!response[OBSERVED]) observe(request, response, undefined);
  });

  fastify.server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket: Socket) => {
    const reason = UNREADABLE[code] ?? (code.startsWith('HPE_') ? 'malformed' : undefined);
    if (reason === undefined) return;
    // By then a request that was being read has been given up, and is counted with its route.
    socket.on('close', () => {
      if (!givenUp.has(socket)) metrics.unreadable(reason);
    });
  });
}
