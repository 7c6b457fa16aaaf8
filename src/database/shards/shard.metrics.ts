import type { Provider } from '@nestjs/common';
import type { Gauge } from 'prom-client';
import { gaugeProvider } from '../../metrics/index.js';
import type { ServerMeasures, ShardMeasures } from './shard-measures.js';
import { Shards } from './shards.js';

/** What is asked of the shards at each scrape. */
export const shardMetrics: Provider[] = [
  shardGauge(
    'messages_primary_up',
    'Whether the primary answers, and is none that follows another.',
    ['shard'],
    (gauge, { name: shard, primary }) => gauge.set({ shard }, Number(!primary.leftOut)),
  ),
  replicaGauge(
    'messages_replica_in_use',
    'Whether reads go to the replica: it answers, follows the primary, and lags no more than it may.',
    ({ leftOut }) => Number(!leftOut),
  ),
  replicaGauge(
    'messages_replica_lag_seconds',
    'How long ago what the replica lacks was written. None is told of one that does not answer.',
    ({ lag }) => lag && lag.ms / 1_000,
  ),
  replicaGauge(
    'messages_replica_lag_bytes',
    'WAL that the replica has not replayed. None is told of one that does not answer.',
    ({ lag }) => lag?.bytes,
  ),
  shardGauge(
    'messages_database_queue_length',
    'Requests that wait for a call to a server of the shard that has not left yet.',
    ['shard', 'role', 'operation'],
    (gauge, { name: shard, queues }) => {
      for (const { role, operation, length } of queues) {
        gauge.set({ shard, role, operation }, length);
      }
    },
  ),
  shardGauge(
    'messages_database_pool_connections',
    'Connections to a server of the shard that are open.',
    ['shard', 'server', 'state'],
    (gauge, { name: shard, primary, replicas }) => {
      for (const { name, pool } of [primary, ...replicas]) {
        const server = labelOf(name);
        gauge.set({ shard, server, state: 'idle' }, pool.idle);
        gauge.set({ shard, server, state: 'busy' }, pool.busy);
      }
    },
  ),
  shardGauge(
    'messages_database_pool_waiting',
    'Calls that wait for a connection to a server of the shard.',
    ['shard', 'server'],
    (gauge, { name: shard, primary, replicas }) => {
      for (const { name, pool } of [primary, ...replicas]) {
        gauge.set({ shard, server: labelOf(name) }, pool.waiting);
      }
    },
  ),
];

function shardGauge(
  name: string,
  help: string,
  labelNames: string[],
  tell: (gauge: Gauge, measures: ShardMeasures) => void,
): Provider {
  return gaugeProvider({
    name,
    help,
    labelNames,
    inject: [Shards],
    collect(shards: Shards) {
      // What is known of no longer is not told any more.
      this.reset();
      for (const measures of shards.measures()) tell(this, measures);
    },
  });
}

function replicaGauge(
  name: string,
  help: string,
  valueOf: (replica: ServerMeasures) => number | undefined,
): Provider {
  return shardGauge(name, help, ['shard', 'replica'], (gauge, { name: shard, replicas }) => {
    for (const replica of replicas) {
      // Where all servers of a shard are listed, one of them is its primary, and no replica that fails.
      if (replica.leftOut === 'no standby') continue;
      const value = valueOf(replica);
      if (value !== undefined) gauge.set({ shard, replica: labelOf(replica.name) }, value);
    }
  });
}

/** A server's name, as `replica 0`, without what has to be quoted on the way to a shell. */
function labelOf(name: string): string {
  return name.replace(' ', '-');
}
