import type { FlatHeaders } from '../http/index.js';
import { nextPageLink } from '../messages/page-link.js';
import type { PageRequest } from '../messages/messages.service.js';
import type { AnsweredFrom } from '../request-context/index.js';

/** A page that may get messages may be kept, and has to be asked for again each time. */
const CHANGING = [
  'cache-control',
  'no-cache',
  // So that a cache which asks once for many does not do so for one that has written meanwhile.
  'vary',
  'Consistency-Token',
];
/** A day, not for ever: old messages may be brought in past the service. */
const LASTING = ['cache-control', 'public, max-age=86400, immutable'];

const JSON_TEXT = ['content-type', 'application/json; charset=utf-8'];

export interface AnsweredPage {
  readonly body: Buffer;
  /** Without quotes. */
  readonly etag: string;
  /** As `MessagePage.next`. */
  readonly next: string | undefined;
  /** Undefined where whoever has answered has noted it. */
  readonly answeredFrom: AnsweredFrom | undefined;
}

/** What is answered to a request for a page. */
export class PageAnswer {
  private madeHeaders: FlatHeaders | undefined;

  /**
   * @param isLasting whether the page stays as it is
   * @param isKnown whether the caller has it, so that its body is not sent
   */
  constructor(
    private readonly request: PageRequest,
    private readonly page: AnsweredPage,
    private readonly isLasting: boolean,
    private readonly isKnown: boolean,
  ) {}

  get status(): 200 | 304 {
    return this.isKnown ? 304 : 200;
  }

  get body(): Buffer | undefined {
    return this.isKnown ? undefined : this.page.body;
  }

  get answeredFrom(): AnsweredFrom | undefined {
    return this.page.answeredFrom;
  }

  /** What it says of the page; the length is for the sender to say. */
  get headers(): FlatHeaders {
    this.madeHeaders ??= this.makeHeaders();
    return this.madeHeaders;
  }

  private makeHeaders(): FlatHeaders {
    const { tag, limit } = this.request;
    const { etag, next } = this.page;
    return [
      // Only of a full page it is sure that no older message would go on it.
      ...(this.isLasting && next !== undefined ? LASTING : CHANGING),
      'etag',
      `"${etag}"`,
      ...(next === undefined ? [] : ['link', nextPageLink(tag, limit, next)]),
      ...(this.isKnown ? [] : JSON_TEXT),
    ];
  }
}
