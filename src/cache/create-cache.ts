import { type Cache, createCache, KeyvAdapter } from 'cache-manager';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import type { RedisConnection, RedisServers } from '../redis/index.js';
import { byteStore, type StoredBytes } from './byte-store.js';

/** The cache that has what is kept under a key. */
export type CacheOf = (key: string) => Cache;

/** What an entry takes beside its bytes, roughly. */
const ENTRY_BYTES = 300;

/** Bytes by key, shared by all processes: a cache on each server. */
export function redisCaches(servers: RedisServers): CacheOf {
  const caches = new WeakMap<RedisConnection, Cache>();
  return (key) => {
    const connection = servers.at(key);
    const known = caches.get(connection);
    if (known) return known;
    const cache = cacheOn(new KeyvAdapter(byteStore(servers, connection)));
    caches.set(connection, cache);
    return cache;
  };
}

/**
 * Bytes by key, in the memory of this process; what was not used for longest goes first.
 *
 * @param maxBytes of all that is kept
 */
export function memoryCache(maxBytes: number): CacheOf {
  const entries = new LRUCache<string, StoredBytes>({
    maxSize: maxBytes,
    sizeCalculation: ({ value }, key) => value.length + key.length + ENTRY_BYTES,
  });
  const cache = cacheOn({
    get: (key: string) => entries.get(key),
    // When it expires stands in what Keyv keeps.
    set: (key: string, stored: StoredBytes) => void entries.set(key, stored),
    delete: (key: string) => entries.delete(key),
    clear: () => entries.clear(),
  });
  return () => cache;
}

/** Keyv would make JSON of what goes through it, and prefix the keys. */
function cacheOn(store: unknown): Cache {
  const keyv = new Keyv({
    store,
    useKeyPrefix: false,
    throwOnErrors: true,
    serialize: undefined,
    deserialize: undefined,
  });
  return createCache({ stores: [keyv] });
}
