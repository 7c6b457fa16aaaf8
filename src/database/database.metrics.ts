import type { Provider } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { counterProvider, histogramProvider, PageReadMetrics } from '../metrics/index.js';
import type { DatabaseObserver } from './database-observer.js';

export const DATABASE_OBSERVER = Symbol('DatabaseObserver');

const CALL_DURATION = 'messages_database_call_duration_seconds';
const BATCH_ITEMS = 'messages_database_batch_items';
const FLOORS = 'messages_floors_total';

const READS = ['pages', 'messages', 'counts'];
const INSERT = { role: 'primary', operation: 'insert' };
const POSITION = { role: 'primary', operation: 'position' };

type CallLabel = 'shard' | 'role' | 'operation';

/** What is counted as it happens, and the observer that counts it. */
export const databaseMetrics: Provider[] = [
  histogramProvider({
    name: CALL_DURATION,
    help: 'Time from a call to a server of a shard to its answer or failure, a wait for a connection included.',
    labelNames: ['shard', 'role', 'operation'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  }),
  histogramProvider({
    name: BATCH_ITEMS,
    help: 'Requests that were sent to a server of a shard as one statement.',
    labelNames: ['shard', 'role', 'operation'],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000],
  }),
  counterProvider({
    name: FLOORS,
    help: 'Floors that Redis was told of (written), and those that it did not take when they were raised (failed).',
    labelNames: ['outcome'],
  }),
  {
    provide: DATABASE_OBSERVER,
    inject: [getToken(CALL_DURATION), getToken(BATCH_ITEMS), getToken(FLOORS), PageReadMetrics],
    useFactory: observer,
  },
];

function observer(
  durations: Histogram<CallLabel>,
  items: Histogram<CallLabel>,
  floors: Counter<'outcome'>,
  pageReads: PageReadMetrics,
): DatabaseObserver {
  for (const outcome of ['written', 'failed']) floors.inc({ outcome }, 0);
  return {
    shard: (shard, roles) => {
      const reads = roles.flatMap((role) => READS.map((operation) => ({ role, operation })));
      const calls = childrenOf(durations, shard, [...reads, INSERT, POSITION]);
      const batches = childrenOf(items, shard, [...reads, INSERT]);
      pageReads.tell(shard);
      return {
        onFlight: ({ operation, server, items, durationMs }) => {
          const kind = `${operation} ${server.role}`;
          batches.get(kind)?.observe(items);
          // An insert takes more than one call, each of which is told of by itself.
          if (operation !== 'insert') calls.get(kind)?.observe(durationMs / 1_000);
        },
        onWriteCall: (call, seconds) => calls.get(`${call} primary`)?.observe(seconds),
        onPageRead: (role) => pageReads.read(role, shard),
      };
    },
    floors: (outcome, count) => floors.inc({ outcome }, count),
  };
}

/** Looked up once, not for each call; and told from the start on, so that the first one is a rise. */
function childrenOf(
  histogram: Histogram<CallLabel>,
  shard: string,
  kinds: readonly { readonly role: string; readonly operation: string }[],
): Map<string, Histogram.Internal<CallLabel>> {
  return new Map(
    kinds.map(({ role, operation }) => {
      const labels = { shard, role, operation };
      histogram.zero(labels);
      return [`${operation} ${role}`, histogram.labels(labels)];
    }),
  );
}
