import type { FastifyInstance, FastifyRequest } from 'fastify';
import { contextOf } from '../http/request-context.hook.js';
import { IfNoneMatch } from './etag.js';
import { describePage } from './page-answer.js';
import type { MissedPage, Pages } from './pages.js';
import { readPageRequest } from './read-page-request.js';

const MISSED = Symbol('page that was looked for in vain');

interface WithMissed {
  [MISSED]?: MissedPage;
}

/**
 * Answers pages that are in the cache before the request comes to Nest: the way through guards,
 * interceptors and handlers costs as much as all the rest of such an answer. What is not there goes
 * on to PageInterceptor, which need not look again. Only for a route that is open to everybody.
 *
 * @param path the route that lists pages
 */
export function answerPageHits(fastify: FastifyInstance, path: string, pages: Pages): void {
  fastify.decorateRequest(MISSED as never, undefined as never);
  fastify.addHook('onRequest', (request, reply, done) => {
    const isPage = request.routeOptions.url === path && request.method === 'GET';
    const asked = isPage ? readPageRequest(request) : undefined;
    if (!asked) return done();
    const ifNoneMatch = IfNoneMatch.of(request.headers['if-none-match']);
    pages.look(asked, ifNoneMatch, (found) => {
      if ('answer' in found) {
        (request as WithMissed)[MISSED] = found;
        return done();
      }
      const context = contextOf(request);
      if (context && found.answeredFrom) context.answeredFrom = found.answeredFrom;
      describePage(reply, asked, found);
      void reply.send(found.body);
      return undefined;
    });
  });
}

/** What has come of looking for the page of a request; undefined if nobody has looked. */
export function lookedFor(request: FastifyRequest): MissedPage | undefined {
  return (request as WithMissed)[MISSED];
}
