import type { PageRequest } from '../messages/messages.service.js';
import type { CopyCheck } from './copy-check.js';
import type { Copies, Found } from './copies.js';
import type { Copy } from './copy.js';
import type { IfNoneMatch } from './etag.js';
import type { Demand, TagPlace } from './freshness.js';
import type { LookupOutcome, OnLookup } from './lookup.js';
import type { NearPage, NearPages } from './near-pages.js';
import type { PageLoads, WantedPage } from './page-loads.js';
import { type AnsweredPage, PageAnswer } from './page-answer.js';
import type { MissedPage } from './pages.js';

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
  readonly check: CopyCheck;
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
    if (this.wanted.ifServedBy(this.near.copy)) return this.answerNear(this.wanted, this.near);
    this.parts.near?.drop(place.key);
    this.fetch();
  }

  private judgeOnceBothAreThere(): void {
    const { wanted, found } = this;
    if (!wanted || found === 'not yet') return;
    const copy = wanted.ifServedBy(found);
    if (copy && this.has(copy)) return this.answerKnown(wanted.copied(copy));
    if (this.ofHead && found !== 'failed') {
      this.ofHead = false;
      this.found = 'not yet';
      return this.fetch();
    }
    this.count(outcomeOf(found, copy));
    if (copy) return this.serve(copy, this.keepNear(wanted, copy));
    this.then({
      answer: async (load) => this.answerWith(await this.parts.loads.page(wanted, load)),
    });
  }

  private answerNear(wanted: WantedPage, { copy, answer }: NearPage): void {
    if (this.has(copy)) return this.answerKnown(wanted.copied(copy));
    this.count('hit');
    this.serve(copy, answer);
  }

  private serve(copy: Copy, answer: PageAnswer): void {
    const { request, place, isLasting } = this.asked;
    this.then(answer);
    // What is lasting changes by imports alone, which are allowed to show late.
    if (!isLasting) this.parts.check.served(place.ofTag, request, copy);
  }

  private answerKnown(page: AnsweredPage): void {
    this.count('not_modified');
    this.then(this.answerWith(page));
  }

  private keepNear(wanted: WantedPage, copy: Copy): PageAnswer {
    const { near } = this.parts;
    if (!near) return this.answerWith(wanted.copied(copy));
    // Out of what was read from the socket, all of which would stay with it.
    const kept = { ...copy, body: Buffer.from(copy.body) };
    const answer = this.answerWith(wanted.copied(kept));
    near.put(wanted.key, { copy: kept, answer });
    return answer;
  }

  /** Whether the caller says that it has the page. */
  private has({ etag }: Pick<Copy, 'etag'>): boolean {
    return this.asked.ifNoneMatch?.matches(etag) === true;
  }

  private answerWith(page: AnsweredPage): PageAnswer {
    const { request, isLasting } = this.asked;
    return new PageAnswer(request, page, isLasting, this.has(page));
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
