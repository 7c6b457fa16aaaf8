import type { FastifyInstance, FastifyReply } from 'fastify';
import { inRequestContext, requestContext } from '../request-context/index.js';
import { Exchange, exchangeOf } from './exchange.js';
import { addHeaders } from './flat-headers.js';

/**
 * Has each request handled in a context of its own, and answers its id. Call it before any other hook
 * is added: those see the context too.
 */
export function enterRequestContext(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { raw, routeOptions } = request;
    const exchange = exchangeOf(raw) ?? new Exchange(raw, reply.raw, request.ip);
    exchange.route = routeOptions.url;
    addHeaders(reply, exchange.idHeaders);
    inRequestContext(exchange.context, done);
  });
  fastify.addHook('onSend', ({ raw }, reply, payload, done) => {
    const exchange = exchangeOf(raw);
    if (exchange) exchange.bytes = lengthOf(payload, reply);
    done(null, payload);
  });
  // A body is read from the socket, whose events belong to no request.
  fastify.addHook('preValidation', ({ raw }, _reply, done) => {
    const context = exchangeOf(raw)?.context;
    if (context && requestContext() !== context) inRequestContext(context, done);
    else done();
  });
}

function lengthOf(payload: unknown, reply: FastifyReply): number | undefined {
  if (typeof payload === 'string') return Buffer.byteLength(payload);
  if (Buffer.isBuffer(payload)) return payload.length;
  const length = reply.getHeader('content-length');
  return length === undefined ? undefined : Number(length);
}
