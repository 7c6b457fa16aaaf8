import type { MessagePage } from '../messages/messages.repository.js';
import type { PageRequest } from '../messages/messages.service.js';
import { etagOf, type IfNoneMatch } from './etag.js';
import { PageAnswer } from './page-answer.js';

/** Brings a page that was looked for in vain. */
export interface MissedPage {
  /** @param load asks for the page where it is stored */
  readonly answer: (load: () => Promise<MessagePage>) => Promise<PageAnswer>;
}

/** Answers pages. */
export abstract class Pages {
  /** Looks for a page that is there already; tells `then` in any case, in bounded time. */
  abstract look(
    request: PageRequest,
    ifNoneMatch: IfNoneMatch | undefined,
    then: (found: PageAnswer | MissedPage) => void,
  ): void;
}

/** Each from where it is stored. */
export class UncachedPages extends Pages {
  look(
    request: PageRequest,
    ifNoneMatch: IfNoneMatch | undefined,
    then: (missed: MissedPage) => void,
  ): void {
    then({
      answer: async (load) => {
        const { json, next } = await load();
        const body = Buffer.from(json);
        const etag = etagOf(body, next);
        const page = { body, etag, next, answeredFrom: undefined };
        return new PageAnswer(request, page, false, ifNoneMatch?.matches(etag) === true);
      },
    });
  }
}
