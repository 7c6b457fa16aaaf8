import type { FastifyInstance } from 'fastify';

/** A request was not answered in time; it may go on, with nobody to tell. */
export class AnswerDeadlineError extends Error {
  override readonly name = 'AnswerDeadlineError';

  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/**
 * Gives every request so long to be answered, from its headers on. Fastify's own `handlerTimeout`
 * forgets a request as soon as its body has been read (fastify/fastify#6725), so that it holds for
 * no POST.
 */
export function answerInTime(fastify: FastifyInstance, timeoutMs: number): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    const timer = setTimeout(() => {
      if (reply.sent) return;
      // Into an answer that has begun, an error would be read as its rest.
      if (reply.raw.headersSent) reply.raw.destroy();
      else reply.send(new AnswerDeadlineError(timeoutMs));
    }, timeoutMs).unref();
    reply.raw.once('close', () => clearTimeout(timer));
    done();
  });
}
