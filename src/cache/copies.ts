import type { Cache } from 'cache-manager';
import { NextFlight } from '../batching/next-flight.js';
import { LOOKUP_FLIGHTS, startDeadline } from '../redis/index.js';
import { Unread } from './byte-store.js';
import { type Copy, decodeCopy, encodeCopy } from './copy.js';
import type { CacheOf } from './create-cache.js';

export interface CopiesOptions {
  /** For a look-up, in milliseconds: as long again may pass until it is sent. */
  readonly timeoutMs: number;
  readonly onEvent?: (event: CopiesEvent) => void;
}

/** Told when it begins and when it ends, not for each request. */
export type CopiesEvent =
  | { readonly kind: `${Part}-failed`; readonly error: unknown }
  | { readonly kind: `${Part}-recovered` };

type Part = 'reading' | 'writing';

/** What a look-up came to; `failed` if the cache could not be asked. */
export type Found = Copy | undefined | 'failed';

/** Copies in a cache: looked up many at once, within a deadline, never failing a request. */
export class Copies {
  /** To each cache flights of its own: one that is slow holds up no other. */
  private readonly lookups = new WeakMap<Cache, NextFlight<string, Found>>();
  private readonly failing = new Set<Part>();

  constructor(
    private readonly cacheOf: CacheOf,
    private readonly options: CopiesOptions,
  ) {}

  /** Tells `then` in any case. What is no copy, or one of another key, is not there. */
  get(key: string, then: (found: Found) => void): void {
    this.lookupsIn(this.cacheOf(key)).ask(key, then, (error) => {
      this.failed('reading', error);
      then('failed');
    });
  }

  find(key: string): Promise<Found> {
    return new Promise((resolve) => this.get(key, resolve));
  }

  /** In the background: an answer that is ready does not wait for the cache. */
  put(key: string, copy: Copy, ttlMs: number): void {
    this.cacheOf(key)
      .set(key, encodeCopy(key, copy), ttlMs)
      .then(
        () => this.recovered('writing'),
        (error: unknown) => this.failed('writing', error),
      );
  }

  private lookupsIn(cache: Cache): NextFlight<string, Found> {
    const known = this.lookups.get(cache);
    if (known) return known;
    const lookups = new NextFlight<string, Found>({
      ...LOOKUP_FLIGHTS,
      fly: (keys) => this.lookUp(cache, keys),
      keyOf: (key) => key,
      limitWait: (giveUp) => startDeadline(this.options.timeoutMs, giveUp),
    });
    this.lookups.set(cache, lookups);
    return lookups;
  }

  private async lookUp(cache: Cache, keys: readonly string[]): Promise<Found[]> {
    const values = await cache.mget<Buffer | Unread>([...keys]);
    const unread = values.find((value) => value instanceof Unread);
    if (unread) this.failed('reading', unread.error);
    else this.recovered('reading');
    return keys.map((key, index) => {
      const value = values[index];
      if (value instanceof Unread) return 'failed';
      return Buffer.isBuffer(value) ? decodeCopy(key, value) : undefined;
    });
  }

  private failed(part: Part, error: unknown): void {
    if (this.failing.has(part)) return;
    this.failing.add(part);
    this.options.onEvent?.({ kind: `${part}-failed`, error });
  }

  private recovered(part: Part): void {
    if (this.failing.delete(part)) this.options.onEvent?.({ kind: `${part}-recovered` });
  }
}
