import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { continueTrace, type RequestContext } from '../request-context/index.js';
import { clientAddress } from './client-address.js';
import { contextOf, failureOf } from './request-context.hook.js';
import { requestId } from './request-id.js';

/** nginx's status for a client that went away before it was answered. */
const CLIENT_CLOSED = 499;
/** The path of a request that no route matched. */
const PATH_MAX_LENGTH = 256;

const LOGGED = Symbol('logged');

type Logged = ServerResponse & { [LOGGED]?: true };

/**
 * Logs a line for each request at its end, whatever became of it: what fails with a 5xx as an error,
 * with the error and its causes. Call it after `enterRequestContext`, before any hook that may
 * answer.
 *
 * The line has the path without its query, which is what somebody wrote, and only where the route
 * does not say it.
 */
export function logRequests(
  fastify: FastifyInstance,
  logger: Pick<Logger, 'info' | 'error' | 'isLevelEnabled'>,
): void {
  if (!logger.isLevelEnabled('error')) return;
  const log = (line: RequestLine): void => {
    if (line.status >= 500) logger.error(line, 'request');
    else logger.info(line, 'request');
  };

  fastify.addHook('onRequest', (request, reply, done) => {
    const startedAt = performance.now();
    (reply.raw as Logged)[LOGGED] = true;
    // Not Fastify's onResponse, which is not called for an answer that cannot be sent to its end.
    reply.raw.on('close', () => log(lineOf(request, reply, startedAt)));
    done();
  });

  // Comes after Fastify's own listener: some are answered without a hook, as a malformed URL is.
  fastify.server.on('request', (request: IncomingMessage, response: Logged) => {
    if (response[LOGGED]) return;
    const startedAt = performance.now();
    response.on('close', () => log(bareLineOf(request, response, startedAt)));
  });
}

/** Whether a line will be logged at the end of the request, which can tell of its failure. */
export function willBeLogged(response: ServerResponse): boolean {
  return (response as Logged)[LOGGED] === true && !response.closed;
}

/** The fields of a line, in their order. */
interface RequestLine {
  readonly requestId: string;
  readonly traceId: string | undefined;
  readonly method: string;
  /** The template that the request matched. */
  readonly route: string;
  readonly path: string | undefined;
  readonly status: number;
  /** Whether the answer could not be sent to its end. */
  readonly aborted: true | undefined;
  readonly durationMs: number;
  readonly ip: string | undefined;
  /** Of the answer's body; undefined if it was not known before it was sent. */
  readonly bytes: number | undefined;
  readonly source: string | undefined;
  readonly shard: string | undefined;
  readonly err: unknown;
}

function lineOf(request: FastifyRequest, reply: FastifyReply, startedAt: number): RequestLine {
  const context: Partial<RequestContext> = contextOf(request) ?? {};
  const { url: route } = request.routeOptions;
  return {
    requestId: request.id,
    traceId: context.traceId,
    method: request.method,
    route: route ?? 'none',
    path: route !== undefined && !route.includes(':') ? undefined : pathOf(request.raw),
    status: statusOf(reply.raw),
    aborted: reply.raw.writableFinished ? undefined : true,
    durationMs: since(startedAt),
    ip: clientAddress(request),
    bytes: bytesOf(request.method, reply),
    source: context.answeredFrom?.source,
    shard: context.answeredFrom?.shard,
    err: failureOf(request),
  };
}

/** Of a request that Fastify has answered without any hook. */
function bareLineOf(
  request: IncomingMessage,
  response: ServerResponse,
  startedAt: number,
): RequestLine {
  const { method = '', headers, socket } = request;
  return {
    requestId: requestId(request),
    traceId: continueTrace(headers['traceparent']).traceId,
    method,
    route: 'none',
    path: pathOf(request),
    status: statusOf(response),
    aborted: response.writableFinished ? undefined : true,
    durationMs: since(startedAt),
    ip: socket.remoteAddress,
    bytes: undefined,
    source: undefined,
    shard: undefined,
    err: undefined,
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return url.slice(0, Math.min(query === -1 ? url.length : query, PATH_MAX_LENGTH));
}

function statusOf(response: ServerResponse): number {
  return response.headersSent ? response.statusCode : CLIENT_CLOSED;
}

/** In milliseconds, to the microsecond. */
function since(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 1_000) / 1_000;
}

function bytesOf(method: string, reply: FastifyReply): number | undefined {
  if (method === 'HEAD' || reply.statusCode === 304) return 0;
  const length = reply.getHeader('content-length');
  return length === undefined ? undefined : Number(length);
}
