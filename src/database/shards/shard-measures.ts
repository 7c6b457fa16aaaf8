import type { ShardConfig } from '../../config/index.js';
import type { Flight } from '../flight.js';
import type { ServerState } from '../replicas/replica-set.js';
import type { Source } from '../replicas/source.js';
import type { PoolUse } from '../servers/connect.js';

export interface ServerMeasures extends ServerState {
  readonly pool: PoolUse;
}

export interface QueueMeasures {
  readonly role: Source['role'];
  readonly operation: Flight['operation'];
  /** Requests that wait. */
  readonly length: number;
}

/** How a shard is at this moment, in numbers. */
export interface ShardMeasures {
  readonly name: string;
  readonly primary: ServerMeasures;
  readonly replicas: readonly ServerMeasures[];
  readonly queues: readonly QueueMeasures[];
}

/** What callers wait in before a call to a server. */
interface Queues {
  readonly insert: { readonly queueLength: number };
  readonly reads: Readonly<
    Partial<Record<Flight['operation'], { queueLength(role: Source['role']): number }>>
  >;
}

/** The roles that servers of a shard have. */
export function rolesOf({ replicaUrls }: Pick<ShardConfig, 'replicaUrls'>): Source['role'][] {
  return replicaUrls.length > 0 ? ['primary', 'replica'] : ['primary'];
}

export function queuesOf({ insert, reads }: Queues, roles: readonly Source['role'][]) {
  const queues: QueueMeasures[] = [
    { role: 'primary', operation: 'insert', length: insert.queueLength },
  ];
  for (const [operation, reader] of Object.entries(reads)) {
    for (const role of roles) {
      queues.push({
        role,
        operation: operation as Flight['operation'],
        length: reader.queueLength(role),
      });
    }
  }
  return queues;
}
