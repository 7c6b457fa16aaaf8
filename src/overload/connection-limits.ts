import type { Server } from 'node:http';
import type { FastifyHttpOptions } from 'fastify';
import type { HttpConfig } from '../config/index.js';

/** As Node has it unless it is told otherwise at its start: all headers and the URL of a request. */
const HEADERS_MAX_BYTES = 16 * 1024;

/** How often connections are looked at that are past a timeout. Node's own 30 s make them longer. */
const CHECK_INTERVAL_MS = 1_000;

/** What a client may take: time, connections, sizes. */
export function connectionLimits(http: HttpConfig) {
  return {
    // Fastify has no limit of its own: a client that sends its request drop by drop holds a socket.
    requestTimeout: http.requestTimeoutMs,
    keepAliveTimeout: http.keepAliveTimeoutMs,
    maxRequestsPerSocket: http.maxRequestsPerSocket,
    http: {
      headersTimeout: http.headersTimeoutMs,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      maxHeaderSize: HEADERS_MAX_BYTES,
    },
  } satisfies FastifyHttpOptions<Server>;
}
