import { parseMessageId } from '../messages/message-id.js';
import type { PageRequest } from '../messages/messages.service.js';
import { headKey, pageKey } from './cache-keys.js';
import type { Copies, Found } from './copies.js';
import type { Copy } from './copy.js';
import type { IfNoneMatch } from './etag.js';
import type { Demand, Freshness, TagPlace } from './freshness.js';
import type { LookupOutcome, OnLookup } from './lookup.js';
import type { LoadedPage, PageLoads, WantedPage } from './page-loads.js';
import { type MissedPage, type PageAnswer, Pages } from './pages.js';

export interface CachedPagesOptions {
  /** After so long nobody stores a message any more whose id is of then, in milliseconds. */
  readonly settledAfterMs: number;
  readonly onLookup?: OnLookup;
}

interface PagePlace {
  readonly place: TagPlace;
  readonly key: string;
  readonly headKey: string;
  /** No message of the page has a later time, in milliseconds since 1970. */
  readonly newestAt: number;
}

/**
 * Pages from copies that are as new as they have to be, else from where they are stored.
 *
 * How new that is, is settled before a copy is judged: everything that was acknowledged before the
 * request has to be in it. So it does not matter when a copy was made, and a page that a slow
 * process puts in place of a newer one is a miss, never a stale read.
 *
 * A page whose messages are all so old that nobody stores another one among them never changes,
 * unless old messages are brought in past the service, by an import. Nothing is demanded of it.
 */
export class CachedPages extends Pages {
  private readonly places = new WeakMap<PageRequest, PagePlace>();

  constructor(
    private readonly copies: Copies,
    private readonly freshness: Freshness,
    private readonly loads: PageLoads,
    private readonly options: CachedPagesOptions,
  ) {
    super();
  }

  look(
    request: PageRequest,
    ifNoneMatch: IfNoneMatch | undefined,
    then: (found: PageAnswer | MissedPage) => void,
  ): void {
    const { consistencyToken } = request;
    const page = this.placeOf(request);
    const { place, key } = page;
    // Whoever may have the page already needs no more than its head.
    const firstKey = ifNoneMatch ? page.headKey : key;
    if (page.newestAt < Date.now() - this.options.settledAfterMs) {
      const wanted = this.loads.wanted(key, place.shard, undefined, false);
      this.copies.get(firstKey, (found) => this.judge(request, ifNoneMatch, wanted, found, then));
      return;
    }
    // Both are asked for in one round trip.
    let demand: Demand | undefined;
    let found: Found | 'not yet' = 'not yet';
    const judgeOnceBothAreThere = () => {
      if (demand === undefined || found === 'not yet') return;
      const wanted = this.loads.wanted(key, place.shard, demand, consistencyToken !== undefined);
      this.judge(request, ifNoneMatch, wanted, found, then);
    };
    place.demand(consistencyToken, (settled) => {
      demand = settled;
      judgeOnceBothAreThere();
    });
    this.copies.get(firstKey, (looked) => {
      found = looked;
      judgeOnceBothAreThere();
    });
  }

  /** Requests for the same page are often the same object: see readPageRequest. */
  private placeOf(request: PageRequest): PagePlace {
    const known = this.places.get(request);
    if (known) return known;
    const place = this.freshness.placeOfTag(request.tag);
    const key = pageKey(place.prefix, request);
    const { cursor = '' } = request;
    const newestAt = parseMessageId(cursor)?.createdAt.getTime() ?? Infinity;
    const found = { place, key, headKey: headKey(key), newestAt };
    this.places.set(request, found);
    return found;
  }

  /** @param ofHead whether only the head was looked for */
  private judge(
    request: PageRequest,
    ifNoneMatch: IfNoneMatch | undefined,
    wanted: WantedPage,
    found: Found,
    then: (found: PageAnswer | MissedPage) => void,
    ofHead = ifNoneMatch !== undefined,
  ): void {
    const copy = wanted.ifServedBy(found);
    const isKnown = copy !== undefined && ifNoneMatch?.matches(copy.etag) === true;
    if (ofHead && !isKnown && found !== 'failed') {
      this.copies.get(wanted.key, (page) =>
        this.judge(request, ifNoneMatch, wanted, page, then, false),
      );
      return;
    }
    const answer = ({ body, etag, next, answeredFrom }: LoadedPage): PageAnswer => ({
      body: ifNoneMatch?.matches(etag) ? undefined : body,
      etag,
      next,
      lasting: wanted.demand === undefined,
      answeredFrom,
    });
    this.count(request, isKnown ? 'not_modified' : outcomeOf(found, copy), wanted.shard);
    if (copy) then(answer(wanted.copied(copy)));
    else then({ answer: async (load) => answer(await this.loads.page(wanted, load)) });
  }

  private count({ cursor }: PageRequest, outcome: LookupOutcome, shard: string): void {
    this.options.onLookup?.(cursor === undefined ? 'page' : 'older_page', outcome, shard);
  }
}

function outcomeOf(found: Found, copy: Copy | undefined): LookupOutcome {
  if (copy) return 'hit';
  if (found === 'failed') return 'error';
  return found ? 'stale' : 'miss';
}
