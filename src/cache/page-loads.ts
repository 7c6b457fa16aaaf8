import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagePage } from '../messages/messages.repository.js';
import { type AnsweredFrom, requestContext } from '../request-context/index.js';
import { headKey, leaseKey } from './cache-keys.js';
import type { Copies, Found } from './copies.js';
import type { Copy } from './copy.js';
import { etagOf } from './etag.js';
import type { Demand } from './freshness.js';
import type { Leases } from './leases.js';

export interface PageLoadsOptions {
  /** For how long a copy of a page that may get messages is kept, in milliseconds. */
  readonly pageTtlMs: number;
  /** The same of one that is lasting. */
  readonly lastingTtlMs: number;
}

export interface LoadedPage extends Copy {
  /** From where whoever loaded it was answered; undefined if nobody has noted that. */
  readonly answeredFrom: AnsweredFrom | undefined;
}

interface Load {
  /** Loads and demands are numbered in their order. */
  readonly startedAt: number;
  readonly page: Promise<LoadedPage>;
}

/** For how long another process is given to fill a page, in milliseconds; then this one does. */
const LEASE_MS = 500;
/** Until the first look whether it has, in milliseconds; twice as long until each one after. */
const FIRST_LOOK_MS = 4;

/** As of which a lasting page is: it does not matter. */
export const LASTING = 'lasting';

const NO_BODY = Buffer.alloc(0);

/** A page that a request wants, as new as it has to be for that. */
export class WantedPage {
  constructor(
    readonly key: string,
    readonly shard: string,
    /** Undefined of a lasting page. */
    readonly demand: Demand | undefined,
    /** Whether the demand comes from a token too, which the demands of others do not know of. */
    readonly byToken: boolean,
    /** When the demand was known, as loads are numbered. */
    readonly demandedAt: number,
  ) {}

  /** The copy, if it is as new as it has to be. */
  ifServedBy(found: Found): Copy | undefined {
    if (found === undefined || found === 'failed') return undefined;
    const { asOf } = found;
    const isMet = this.demand ? asOf !== '' && this.demand.isMetBy(asOf) : asOf === LASTING;
    return isMet ? found : undefined;
  }

  copied(copy: Copy): LoadedPage {
    return { ...copy, answeredFrom: { source: 'cache', shard: this.shard } };
  }
}

/**
 * Brings pages of which there is no copy that is new enough, and leaves copies of them: one load of
 * a page at a time in this process, and, as far as leases hold, in all of them. Who comes later
 * waits for what is under way. That may have begun before, if what comes of it is new enough.
 */
export class PageLoads {
  private readonly loads = new Map<string, Load>();
  private clock = 0;

  constructor(
    private readonly copies: Copies,
    private readonly leases: Leases,
    private readonly options: PageLoadsOptions,
  ) {}

  /** To be called as soon as the demand is known: loads that begin after that meet it. */
  wanted(key: string, shard: string, demand: Demand | undefined, byToken: boolean): WantedPage {
    return new WantedPage(key, shard, demand, byToken, ++this.clock);
  }

  async page(wanted: WantedPage, load: () => Promise<MessagePage>): Promise<LoadedPage> {
    const first = this.loads.get(wanted.key);
    if (first) {
      const page = await first.page;
      if (wanted.ifServedBy(page)) return page;
    }
    const second = this.loads.get(wanted.key);
    const serves = second && second.startedAt > wanted.demandedAt && !wanted.byToken;
    return (serves ? second : this.start(wanted, load)).page;
  }

  private start(wanted: WantedPage, load: () => Promise<MessagePage>): Load {
    const { key } = wanted;
    const started = { startedAt: ++this.clock, page: this.fill(wanted, load) };
    this.loads.set(key, started);
    const end = () => {
      if (this.loads.get(key) === started) this.loads.delete(key);
    };
    started.page.then(end, end);
    return started;
  }

  private async fill(wanted: WantedPage, load: () => Promise<MessagePage>): Promise<LoadedPage> {
    const { key, demand } = wanted;
    const asOf = demand ? demand.asOf : LASTING;
    if (asOf !== undefined && !(await this.leases.take(leaseKey(key, asOf), LEASE_MS))) {
      const copy = await this.filledByAnother(wanted);
      if (copy) return wanted.copied(copy);
    }
    const { json, next } = await load();
    const body = Buffer.from(json);
    const page = { body, etag: etagOf(body, next), next, asOf: asOf ?? '' };
    if (asOf !== undefined) {
      const ttlMs = demand ? this.options.pageTtlMs : this.options.lastingTtlMs;
      this.copies.put(key, page, ttlMs);
      this.copies.put(headKey(key), { ...page, body: NO_BODY }, ttlMs);
    }
    return { ...page, answeredFrom: requestContext()?.answeredFrom };
  }

  /** Looked for again and again: Redis tells nobody that it has been put there. */
  private async filledByAnother(wanted: WantedPage): Promise<Copy | undefined> {
    const deadline = performance.now() + LEASE_MS;
    for (let pause = FIRST_LOOK_MS; performance.now() < deadline; pause *= 2) {
      await sleep(pause);
      const found = await this.copies.find(wanted.key);
      const copy = wanted.ifServedBy(found);
      if (copy || found === 'failed') return copy;
    }
    return undefined;
  }
}
