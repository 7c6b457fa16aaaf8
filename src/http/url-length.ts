import type { FastifyInstance } from 'fastify';
import { replyWithProblem } from './problem-reply.js';

/** No URL of the API is half as long, however its characters are escaped. */
const URL_MAX_CHARACTERS = 2_048;

/** Answers 414 where a URL is longer than any that the API has. */
export function limitUrlLength(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    if ((request.raw.url?.length ?? 0) <= URL_MAX_CHARACTERS) return done();
    replyWithProblem(reply, {
      status: 414,
      detail: `The URL is too long: at most ${URL_MAX_CHARACTERS} characters.`,
    });
  });
}
