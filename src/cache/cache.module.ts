import { Logger, Module } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { DatabaseModule } from '../database/index.js';
import { RedisServers } from '../redis/index.js';
import { cacheMetrics, ON_CHECKED, ON_LOOKUP } from './cache.metrics.js';
import { CachedMessages } from './cached-messages.js';
import { CachedPages } from './cached-pages.js';
import { type CheckOutcome, CopyCheck } from './copy-check.js';
import { Copies, type CopiesEvent } from './copies.js';
import type { Copy } from './copy.js';
import { memoryCache, redisCaches } from './create-cache.js';
import { Freshness } from './freshness.js';
import type { OnLookup } from './lookup.js';
import { NoLeases, RedisLeases } from './leases.js';
import { Messages, UncachedMessages } from './messages.js';
import { NearPages } from './near-pages.js';
import { PageLoads } from './page-loads.js';
import { Pages, UncachedPages } from './pages.js';

/**
 * After so long, nobody stores a message any more whose id was made then: an insert is given up
 * long before, and what is left is how far the clocks of two processes may be apart.
 */
const SETTLED_AFTER_MS = 5 * 60_000;

/** An insert that was committed is acknowledged well within this, or its process is gone. */
const SETTLE_MS = 2_000;

/** For how long pages are kept near at most. */
const NEAR_MS = 5_000;

const REDIS = { token: RedisServers, optional: true };

/** Copies of what was answered: in Redis if there is one, else in the memory of this process. */
@Module({
  imports: [DatabaseModule],
  providers: [
    ...cacheMetrics,
    {
      provide: Copies,
      inject: [CONFIG, REDIS],
      useFactory: ({ cache, redis }: Config, servers?: RedisServers) =>
        new Copies(servers ? redisCaches(servers) : memoryCache(cache.memoryBytes), {
          timeoutMs: redis?.timeoutMs ?? MEMORY_TIMEOUT_MS,
          onEvent: logTo(new Logger(Copies.name)),
        }),
    },
    {
      provide: Pages,
      inject: [CONFIG, Copies, Freshness, CopyCheck, ON_LOOKUP, REDIS],
      useFactory: createPages,
    },
    {
      provide: CopyCheck,
      inject: [CONFIG, ON_CHECKED],
      useFactory: ({ cache }: Config, count: (outcome: CheckOutcome) => void) =>
        new CopyCheck({
          intervalMs: cache.enabled ? cache.checkIntervalMs : 0,
          settleMs: SETTLE_MS,
          onChecked: (outcome, shard, copy) => {
            count(outcome);
            if (outcome === 'different') tellOf(copy, shard);
          },
        }),
    },
    {
      provide: Messages,
      inject: [CONFIG, Copies, Freshness, ON_LOOKUP],
      useFactory: (
        { cache }: Config,
        copies: Copies,
        freshness: Freshness,
        onLookup: OnLookup,
      ): Messages =>
        cache.enabled
          ? new CachedMessages(copies, freshness, {
              messageTtlMs: cache.messageTtlMs,
              missingTtlMs: cache.missingTtlMs,
              settledAfterMs: SETTLED_AFTER_MS,
              onLookup,
            })
          : new UncachedMessages(),
    },
  ],
  exports: [Pages, Messages],
})
export class CacheModule {}

function createPages(
  { cache }: Config,
  copies: Copies,
  freshness: Freshness,
  check: CopyCheck,
  onLookup: OnLookup,
  servers?: RedisServers,
): Pages {
  if (!cache.enabled) return new UncachedPages();
  const leases = servers ? new RedisLeases(servers) : new NoLeases();
  const loads = new PageLoads(copies, leases, {
    pageTtlMs: cache.pageTtlMs,
    lastingTtlMs: cache.olderPageTtlMs,
  });
  const nearMs = Math.min(NEAR_MS, cache.pageTtlMs);
  const near = servers && cache.nearBytes > 0 ? new NearPages(cache.nearBytes, nearMs) : undefined;
  return new CachedPages({ copies, near, loads, check, onLookup }, freshness, SETTLED_AFTER_MS);
}

/** Memory answers within the turn of the event loop; this is for a process that stands still. */
const MEMORY_TIMEOUT_MS = 1_000;

function logTo(logger: Logger) {
  return (event: CopiesEvent): void => {
    if ('error' in event) logger.warn({ err: event.error }, `the cache: ${event.kind}`);
    else logger.log(`the cache: ${event.kind}`);
  };
}

/** Without the tag, which is what somebody wrote. */
function tellOf({ etag, asOf }: Copy, shard: string): void {
  new Logger(CopyCheck.name).error(
    { shard, etag, asOf },
    'a page was answered from a copy that lacks what is stored',
  );
}
