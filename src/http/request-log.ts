import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { Exchange } from './exchange.js';
import type { ExchangeServers } from './exchange-servers.js';

/** The path of a request that no route matched. */
const PATH_MAX_LENGTH = 256;

/**
 * Logs a line for each request at its end, whatever became of it: what fails with a 5xx as an error,
 * with the error and its causes.
 *
 * The line has the path without its query, which is what somebody wrote, and only where the route
 * does not say it.
 */
export function logRequests(
  servers: ExchangeServers,
  logger: Pick<Logger, 'info' | 'error' | 'isLevelEnabled'>,
): void {
  if (!logger.isLevelEnabled('error')) return;
  servers.observe({
    began: (exchange) => (exchange.willBeLogged = true),
    ended: (exchange) => {
      exchange.willBeLogged = false;
      const line = lineOf(exchange);
      if (line.status >= 500) logger.error(line, 'request');
      else logger.info(line, 'request');
    },
  });
}

/** The fields of a line, in their order. */
function lineOf(exchange: Exchange) {
  const { request, response, context, method, route, status } = exchange;
  return {
    requestId: context.id,
    traceId: context.traceId,
    method,
    /** The template that the request matched. */
    route: route ?? 'none',
    path: route !== undefined && !route.includes(':') ? undefined : pathOf(request),
    status,
    /** Whether the answer could not be sent to its end. */
    aborted: response.writableFinished ? undefined : true,
    // To the microsecond.
    durationMs: Math.round(exchange.durationMs * 1_000) / 1_000,
    ip: exchange.ip,
    /** Of the answer's body; undefined if it was not known before it was sent. */
    bytes: method === 'HEAD' || status === 304 ? 0 : exchange.bytes,
    source: context.answeredFrom?.source,
    shard: context.answeredFrom?.shard,
    err: exchange.failure,
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return url.slice(0, Math.min(query === -1 ? url.length : query, PATH_MAX_LENGTH));
}
