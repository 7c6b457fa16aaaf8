import { LRUCache } from 'lru-cache';
import type { Copy } from './copy.js';
import type { PageAnswer } from './page-answer.js';

export interface NearPage {
  readonly copy: Copy;
  /** To a caller that does not have the page yet. */
  readonly answer: PageAnswer;
}

/** What an entry takes beside its body, roughly. */
const ENTRY_BYTES = 1_000;

/**
 * Pages that this process has just answered from the cache, to be answered again without fetching
 * them: whether they are still as new as they have to be is asked of the cache all the same.
 */
export class NearPages {
  private readonly entries: LRUCache<string, NearPage>;

  /**
   * @param maxBytes of all that is kept
   * @param lifetimeMs so much longer than the cache keeps a page, messages may go unseen that were
   *   brought in past the service
   */
  constructor(maxBytes: number, lifetimeMs: number) {
    this.entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ copy }, key) => copy.body.length + key.length + ENTRY_BYTES,
      ttl: lifetimeMs,
      // Else it starts a timer each millisecond, to look at the clock less often.
      ttlResolution: 0,
    });
  }

  get(key: string): NearPage | undefined {
    // Without a note that it was used: what is asked for often is soon back.
    return this.entries.peek(key);
  }

  put(key: string, page: NearPage): void {
    this.entries.set(key, page);
  }

  drop(key: string): void {
    this.entries.delete(key);
  }
}
