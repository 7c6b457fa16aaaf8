import { parseMessageId } from '../messages/message-id.js';
import type { PageRequest } from '../messages/messages.service.js';
import { headKey, pageKey } from './cache-keys.js';
import type { IfNoneMatch } from './etag.js';
import type { Freshness } from './freshness.js';
import { type LookupParts, PageLookup, type PagePlace } from './page-lookup.js';
import type { PageAnswer } from './page-answer.js';
import { type MissedPage, Pages } from './pages.js';

/**
 * Pages from copies that are as new as they have to be, else from where they are stored.
 *
 * How new that is, is settled before a copy is judged: everything that was acknowledged before the
 * request has to be in it. So it does not matter when a copy was made, or who keeps it, and a page
 * that a slow process puts in place of a newer one is a miss, never a stale read.
 *
 * A page whose messages are all so old that nobody stores another one among them never changes,
 * unless old messages are brought in past the service, by an import. Nothing is demanded of it.
 */
export class CachedPages extends Pages {
  private readonly places = new WeakMap<PageRequest, PagePlace>();

  constructor(
    private readonly parts: LookupParts,
    private readonly freshness: Freshness,
    /** After so long nobody stores a message any more whose id is of then, in milliseconds. */
    private readonly settledAfterMs: number,
  ) {
    super();
  }

  look(
    request: PageRequest,
    ifNoneMatch: IfNoneMatch | undefined,
    then: (found: PageAnswer | MissedPage) => void,
  ): void {
    const place = this.placeOf(request);
    const isLasting = place.newestAt < Date.now() - this.settledAfterMs;
    new PageLookup(this.parts, { request, ifNoneMatch, place, isLasting }, then).begin();
  }

  /** Requests for the same page are often the same object: see readPageRequest. */
  private placeOf(request: PageRequest): PagePlace {
    const known = this.places.get(request);
    if (known) return known;
    const ofTag = this.freshness.placeOfTag(request.tag);
    const key = pageKey(ofTag.prefix, request);
    const { cursor = '' } = request;
    const newestAt = parseMessageId(cursor)?.createdAt.getTime() ?? Infinity;
    const place = { ofTag, key, headKey: headKey(key), newestAt };
    this.places.set(request, place);
    return place;
  }
}
