import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  continueTrace,
  formatTrace,
  inRequestContext,
  requestContext,
  type RequestContext,
} from '../request-context/index.js';

const CONTEXT = Symbol('request context');
const FAILURE = Symbol('failure');

interface WithContext {
  [CONTEXT]?: RequestContext;
  [FAILURE]?: unknown;
}

/**
 * Has each request handled in a context of its own, and answers its id, and the trace to a caller
 * that traces. Call it before any other hook is added: those see the context too.
 */
export function enterRequestContext(fastify: FastifyInstance): void {
  fastify.decorateRequest(CONTEXT as never, undefined as never);
  fastify.decorateRequest(FAILURE as never, undefined as never);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { traceparent, tracestate } = request.headers;
    const context = { id: request.id, ...continueTrace(traceparent, tracestate) };
    (request as WithContext)[CONTEXT] = context;
    reply.header('x-request-id', request.id);
    if (traceparent !== undefined) reply.header('traceresponse', formatTrace(context));
    inRequestContext(context, done);
  });
  // A body is read from the socket, whose events belong to no request.
  fastify.addHook('preValidation', (request, _reply, done) => {
    const context = contextOf(request);
    if (context && requestContext() !== context) inRequestContext(context, done);
    else done();
  });
}

/** Undefined if the request was refused before it had one. */
export function contextOf(request: FastifyRequest): RequestContext | undefined {
  return (request as WithContext)[CONTEXT];
}

/** Notes why a request fails, for the line that is logged at its end. */
export function noteFailure(request: FastifyRequest, error: unknown): void {
  (request as WithContext)[FAILURE] = error;
}

/** Undefined if nobody has noted why it failed, or it did not. */
export function failureOf(request: FastifyRequest): unknown {
  return (request as WithContext)[FAILURE];
}
