import type { Provider } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import { type Counter, Gauge, Registry } from 'prom-client';
import { counterProvider, PageReadMetrics, TallyCounter } from '../metrics/index.js';
import { RedisServers } from '../redis/index.js';
import type { CheckOutcome } from './copy-check.js';
import type { LookupKind, LookupOutcome, OnLookup } from './lookup.js';

const AVAILABLE = 'messages_cache_available';

const CHECKS = 'messages_cache_checks_total';

const KINDS: readonly LookupKind[] = ['page', 'older_page', 'message'];
const OUTCOMES: readonly LookupOutcome[] = ['hit', 'miss', 'stale', 'not_modified', 'error'];

const CHECK_OUTCOMES: readonly CheckOutcome[] = ['same', 'changed', 'different', 'failed'];

/** Is told of every check of a copy. */
export const ON_CHECKED = Symbol('OnChecked');

/** Is told of every look-up. */
export const ON_LOOKUP = Symbol('OnLookup');

export const cacheMetrics: Provider[] = [
  {
    provide: ON_LOOKUP,
    inject: [Registry, PageReadMetrics],
    useFactory: (registry: Registry, pageReads: PageReadMetrics): OnLookup => {
      const lookups = new TallyCounter(registry, {
        name: 'messages_cache_lookups_total',
        help: 'Look-ups in the cache, and what they came to.',
        labelNames: ['kind', 'outcome'],
      });
      const tallies = tableOf(KINDS, (kind) =>
        tableOf(OUTCOMES, (outcome) => lookups.tally({ kind, outcome })),
      );
      return (kind, outcome, shard) => {
        tallies[kind][outcome].inc();
        const isAnswer = outcome === 'hit' || outcome === 'not_modified';
        if (isAnswer && kind !== 'message') pageReads.read('cache', shard);
      };
    },
  },
  counterProvider({
    name: CHECKS,
    help: 'Copies that had served and were compared with what is stored, and what that came to.',
    labelNames: ['outcome'],
  }),
  {
    provide: ON_CHECKED,
    inject: [getToken(CHECKS)],
    useFactory: (checks: Counter<'outcome'>) => {
      for (const outcome of CHECK_OUTCOMES) checks.inc({ outcome }, 0);
      return (outcome: CheckOutcome) => checks.inc({ outcome });
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

function tableOf<Key extends string, Value>(
  keys: readonly Key[],
  valueOf: (key: Key) => Value,
): Readonly<Record<Key, Value>> {
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)])) as Record<Key, Value>;
}
