import type { PageRequest } from '../messages/messages.service.js';
import type { Copies, Found } from './copies.js';
import type { Copy } from './copy.js';
import type { IfNoneMatch } from './etag.js';
import type { Demand, TagPlace } from './freshness.js';
import type { LookupOutcome, OnLookup } from './lookup.js';
import type { NearPage, NearPages } from './near-pages.js';
import type { LoadedPage, PageLoads, WantedPage } from './page-loads.js';
import type { MissedPage, PageAnswer } from './pages.js';

export interface PagePlace {
  readonly ofTag: TagPlace;
  readonly key: string;
  readonly headKey: string;
  /** No message of the page has a later time, in milliseconds since 1970. */
  readonly newestAt: number;
}

/** What all look-ups have in common. */
export interface LookupParts {
  readonly copies: Copies;
  /** None where the cache itself is in memory. */
  readonly near: NearPages | undefined;
  readonly loads: PageLoads;
  readonly onLookup: OnLookup | undefined;
}

interface Asked {
  readonly request: PageRequest;
  readonly ifNoneMatch: IfNoneMatch | undefined;
  readonly place: PagePlace;
  /** Whether the page stays as it is, so that nothing is demanded of a copy. */
  readonly isLasting: boolean;
}

/**
 * One look for a page. What is demanded of a copy and the copy are asked for in one round trip; where
 * there is a near one, first only the former, which is nearly always all.
 */
export class PageLookup {
  private near: NearPage | undefined;
  private wanted: WantedPage | undefined;
  private found: Found | 'not yet' = 'not yet';
  /** Whoever may have the page already needs no more than its head. */
  private ofHead: boolean;

  constructor(
    private readonly parts: LookupParts,
    private readonly asked: Asked,
    private readonly then: (found: PageAnswer | MissedPage) => void,
  ) {
    this.ofHead = asked.ifNoneMatch !== undefined;
  }

  begin(): void {
    const { place, isLasting, request } = this.asked;
    this.near = this.parts.near?.get(place.key);
    if (!this.near) this.fetch();
    if (isLasting) this.demanded(undefined);
    else place.ofTag.demand(request.consistencyToken, (demand) => this.demanded(demand));
  }

  private fetch(): void {
    const { key, headKey } = this.asked.place;
    this.parts.copies.get(this.ofHead ? headKey : key, (found) => {
      this.found = found;
      this.judgeOnceBothAreThere();
    });
  }

  private demanded(demand: Demand | undefined): void {
    const { place, request } = this.asked;
    const byToken = demand !== undefined && request.consistencyToken !== undefined;
    this.wanted = this.parts.loads.wanted(place.key, place.ofTag.shard, demand, byToken);
    if (!this.near) return this.judgeOnceBothAreThere();
    if (this.wanted.ifServedBy(this.near.copy)) return this.answerNear(this.near);
    this.parts.near?.drop(place.key);
    this.fetch();
  }

  private judgeOnceBothAreThere(): void {
    const { wanted, found, asked } = this;
    if (!wanted || found === 'not yet') return;
    const copy = wanted.ifServedBy(found);
    if (copy && this.has(copy)) return this.answerKnown(copy);
    if (this.ofHead && found !== 'failed') {
      this.ofHead = false;
      this.found = 'not yet';
      return this.fetch();
    }
    this.count(outcomeOf(found, copy));
    if (copy) {
      const answer = this.answerOf(wanted.copied(copy));
      this.parts.near?.put(asked.place.key, { copy, answer });
      return this.then(answer);
    }
    this.then({
      answer: async (load) => this.answerOf(await this.parts.loads.page(wanted, load)),
    });
  }

  private answerNear({ copy, answer }: NearPage): void {
    if (this.has(copy)) return this.answerKnown(copy);
    this.count('hit');
    this.then(answer);
  }

  private answerKnown(copy: Copy): void {
    this.count('not_modified');
    const { shard } = this.asked.place.ofTag;
    this.then(this.answerOf({ ...copy, answeredFrom: { source: 'cache', shard } }));
  }

  /** Whether the caller says that it has the page. */
  private has({ etag }: Copy): boolean {
    return this.asked.ifNoneMatch?.matches(etag) === true;
  }

  private answerOf(page: LoadedPage): PageAnswer {
    const { body, etag, next, answeredFrom } = page;
    const { isLasting: lasting } = this.asked;
    return { body: this.has(page) ? undefined : body, etag, next, lasting, answeredFrom };
  }

  private count(outcome: LookupOutcome): void {
    const { request, place } = this.asked;
    const kind = request.cursor === undefined ? 'page' : 'older_page';
    this.parts.onLookup?.(kind, outcome, place.ofTag.shard);
  }
}

function outcomeOf(found: Found, copy: Copy | undefined): LookupOutcome {
  if (copy) return 'hit';
  if (found === 'failed') return 'error';
  return found ? 'stale' : 'miss';
}
