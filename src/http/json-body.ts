import type { FastifyInstance } from 'fastify';

export const BODY_MAX_BYTES = 16 * 1024;

class BrokenJsonError extends Error {
  readonly statusCode = 400;
}

/**
 * JSON is the only body that is read, and it has to be valid UTF-8: decoding leniently would store
 * another text than was sent. `__proto__` is dropped like any unknown field.
 */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('remove', 'remove');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string;
    try {
      text = utf8.decode(body as Buffer);
    } catch (cause) {
      done(new BrokenJsonError('The body is not valid UTF-8.', { cause }));
      return;
    }
    void parse(request, text, (error, value) => {
      if (error) done(new BrokenJsonError('The body is not valid JSON.', { cause: error }));
      else done(null, value);
    });
  });
}
