import type { IncomingMessage } from 'node:http';
import type { CommonHeaders, ExchangeServers } from '../http/index.js';
import { IfNoneMatch } from './etag.js';
import { PageAnswer } from './page-answer.js';
import type { MissedPage, Pages } from './pages.js';
import { knownPageRequest } from './read-page-request.js';

const MISSED = Symbol('page that was looked for in vain');

interface WithMissed {
  [MISSED]?: MissedPage;
}

export interface PageHitsOptions {
  /** The route that lists pages, which has to be open to everybody. */
  readonly route: string;
  readonly pages: Pages;
  readonly headers: CommonHeaders;
  /** Whether requests are refused at the moment, which is not for this to do. */
  readonly isUnderPressure: () => boolean;
}

/**
 * Answers pages that are in the cache before the request comes to the framework, whose way from
 * there to a handler costs more than all the rest of such an answer. What is not there goes on to
 * PageInterceptor, which need not look again; so does an address that was not asked for before, and
 * whatever is more than a plain GET. See docs/decisions/0021-hits-in-front.md.
 */
export function answerPageHits(
  servers: ExchangeServers,
  { route, pages, headers, isUnderPressure }: PageHitsOptions,
): void {
  servers.putInFront((exchange, passOn) => {
    const { request, response } = exchange;
    const asked = request.method === 'GET' ? knownPageRequest(request) : undefined;
    if (!asked || isUnderPressure()) return passOn();
    exchange.route = route;
    const ifNoneMatch = IfNoneMatch.of(request.headers['if-none-match']);
    pages.look(asked, ifNoneMatch, (found) => {
      if (response.closed) return;
      if (!(found instanceof PageAnswer)) {
        (request as WithMissed)[MISSED] = found;
        return passOn();
      }
      if (found.answeredFrom) exchange.context.answeredFrom = found.answeredFrom;
      const { status, body } = found;
      exchange.bytes = body?.length ?? 0;
      const length = body ? ['content-length', String(body.length)] : [];
      response.writeHead(status, headers.of(exchange).concat(found.headers, length));
      response.end(body);
    });
  });
}

/** What has come of looking for the page of a request; undefined if nobody has looked. */
export function lookedFor(request: IncomingMessage): MissedPage | undefined {
  return (request as WithMissed)[MISSED];
}
