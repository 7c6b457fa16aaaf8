import { Logger } from '@nestjs/common';
import type { Config } from '../../config/index.js';
import { reasonOf, type RedisServers } from '../../redis/index.js';
import type { DatabaseObserver } from '../database-observer.js';
import { FreshnessFloors } from './freshness-floors.js';
import { MemoryFreshnessFloors } from './memory-freshness-floors.js';
import { type FloorsEvent, RedisFreshnessFloors } from './redis-freshness-floors.js';

/** Some 50 MB; beyond it the oldest floors become one for all tags, which costs no freshness. */
const MAX_ENTRIES = 200_000;

/** Floors that all processes share where there is Redis, else those of this process. */
export function createFloors(
  { database, cache }: Config,
  observer: Pick<DatabaseObserver, 'floors'>,
  servers: RedisServers | undefined,
): FreshnessFloors {
  // A floor outlives the lag of any replica in use, and the pages that were read under it.
  const ttlMs = 2 * database.replicas.maxLagMs + cache.pageTtlMs;
  const memory = new MemoryFreshnessFloors({ ttlMs, maxEntries: MAX_ENTRIES });
  if (!servers) return memory;
  const logger = new Logger(FreshnessFloors.name);
  return new RedisFreshnessFloors(servers, memory, {
    ttlMs,
    onTold: (outcome, count) => observer.floors(outcome, count),
    onEvent: (event) => logEvent(logger, event),
  });
}

function logEvent(logger: Logger, event: FloorsEvent): void {
  const what = `floors in Redis: ${event.kind}`;
  if ('error' in event) logger.warn({ reason: reasonOf(event.error) }, what);
  else logger.log(what);
}
