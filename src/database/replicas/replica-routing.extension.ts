import { Prisma } from '../generated/client.js';
import type { Floor } from '../freshness/freshness-floors.js';
import type { Position } from '../freshness/position.js';
import type { Primary } from './primary.js';
import type { ReplicaSet } from './replica-set.js';
import type { Source } from './source.js';

/**
 * A client of the primary that knows the replicas: the shape of `@prisma/extension-read-replicas`,
 * but a replica is chosen by what it has replayed and by its load, never by chance. Nothing is sent
 * to a replica behind the caller's back: without `$replica` a query goes to the primary.
 */
export function replicaRouting(primary: Primary, replicas: ReplicaSet) {
  const route = (needed: Floor | undefined, except?: Source): Source | undefined => {
    const replica = needed === 'primary' ? undefined : replicas.choose(needed, except);
    return replica ?? (except === primary ? undefined : primary);
  };
  return Prisma.defineExtension({
    name: 'replica-routing',
    client: {
      $primary: () => primary.client,

      /** A replica that has replayed `needed`, or the primary if none is known to. */
      $replica: (needed?: Position) => (replicas.choose(needed) ?? primary).client,

      /** The same, as a source; undefined if only the one is left that has just failed. */
      $route: route,
    },
  });
}
