import type { MessagePage } from '../messages/messages.repository.js';
import type { PageRequest } from '../messages/messages.service.js';
import type { AnsweredFrom } from '../request-context/index.js';
import { etagOf, type IfNoneMatch } from './etag.js';

export interface PageAnswer {
  /** Undefined if the caller has it already. */
  readonly body: Buffer | undefined;
  readonly etag: string;
  readonly next: string | undefined;
  /** Whether it stays as it is. */
  readonly lasting: boolean;
  /** Undefined where whoever has answered has noted it. */
  readonly answeredFrom: AnsweredFrom | undefined;
}

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
    _request: PageRequest,
    ifNoneMatch: IfNoneMatch | undefined,
    then: (missed: MissedPage) => void,
  ): void {
    then({
      answer: async (load) => {
        const { json, next } = await load();
        const etag = etagOf(json, next);
        const body = ifNoneMatch?.matches(etag) ? undefined : Buffer.from(json);
        return { body, etag, next, lasting: false, answeredFrom: undefined };
      },
    });
  }
}
