import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { UnreadableReason } from '../metrics/index.js';
import type { ExchangeServers } from './exchange-servers.js';

const REASONS: Readonly<Record<string, UnreadableReason>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'timeout',
};

/** Tells of what came in the place of a request and was refused before it had a method or a route. */
export function watchUnreadable(
  fastify: FastifyInstance,
  servers: ExchangeServers,
  onUnreadable: (reason: UnreadableReason) => void,
): void {
  /** Connections with a request that did not come to its end: what was wrong there was in that. */
  const givenUp = new WeakSet<Socket>();
  servers.observe({
    ended: ({ request, response }) => {
      if (!request.complete || !response.writableFinished) givenUp.add(request.socket);
    },
  });
  fastify.server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket: Socket) => {
    const reason = REASONS[code] ?? (code.startsWith('HPE_') ? 'malformed' : undefined);
    if (reason === undefined) return;
    // By then a request that was being read has been given up, and is counted with its route.
    socket.on('close', () => {
      if (!givenUp.has(socket)) onUnreadable(reason);
    });
  });
}
