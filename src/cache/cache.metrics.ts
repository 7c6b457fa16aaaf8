import type { Provider } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import { type Counter, Gauge, Registry } from 'prom-client';
import { counterProvider, PageReadMetrics } from '../metrics/index.js';
import { RedisServers } from '../redis/index.js';
import type { LookupKind, LookupOutcome, OnLookup } from './lookup.js';

const LOOKUPS = 'messages_cache_lookups_total';
const AVAILABLE = 'messages_cache_available';

const KINDS: readonly LookupKind[] = ['page', 'older_page', 'message'];
const OUTCOMES: readonly LookupOutcome[] = ['hit', 'miss', 'stale', 'not_modified', 'error'];

/** Is told of every look-up. */
export const ON_LOOKUP = Symbol('OnLookup');

export const cacheMetrics: Provider[] = [
  counterProvider({
    name: LOOKUPS,
    help: 'Look-ups in the cache, and what they came to.',
    labelNames: ['kind', 'outcome'],
  }),
  {
    provide: ON_LOOKUP,
    inject: [getToken(LOOKUPS), PageReadMetrics],
    useFactory: (lookups: Counter<'kind' | 'outcome'>, pageReads: PageReadMetrics): OnLookup => {
      const counters = new Map(
        KINDS.map((kind) => [
          kind,
          new Map(OUTCOMES.map((outcome) => [outcome, lookups.labels({ kind, outcome })])),
        ]),
      );
      for (const byOutcome of counters.values()) for (const each of byOutcome.values()) each.inc(0);
      return (kind, outcome, shard) => {
        counters.get(kind)?.get(outcome)?.inc();
        const isAnswer = outcome === 'hit' || outcome === 'not_modified';
        if (isAnswer && kind !== 'message') pageReads.read('cache', shard);
      };
    },
  },
  {
    provide: getToken(AVAILABLE),
    inject: [Registry, { token: RedisServers, optional: true }],
    useFactory: (registry: Registry, servers?: RedisServers) =>
      new Gauge({
        name: AVAILABLE,
        help: 'Whether the cache is asked: 0 while no Redis server answers.',
        registers: [registry],
        collect() {
          this.set(!servers || servers.ready ? 1 : 0);
        },
      }),
  },
];
