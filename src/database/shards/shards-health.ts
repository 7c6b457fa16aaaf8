import type { Part } from '../../health/part.js';
import { type Section, StorageHealth } from '../../health/storage-health.js';
import type { ServerState } from '../replicas/replica-set.js';
import type { Shard } from './shard.js';
import { Shards } from './shards.js';

/** What the monitors of the shards' servers have found. */
export class ShardsHealth extends StorageHealth {
  constructor(private readonly shards: Shards) {
    super();
  }

  opening(): string | undefined {
    return this.shards.opening;
  }

  sections(): readonly Section[] {
    return this.shards.opening === undefined ? this.shards.all.map(sectionOf) : [];
  }
}

/** A shard can be read from its primary, or from any replica that is not left out. */
function sectionOf(shard: Shard): Section {
  const name = `shard ${shard.name}`;
  const parts = shard
    .serverStates()
    // An address among those of the replicas that leads to the primary: nothing is lost.
    .filter(({ leftOut }) => leftOut !== 'no standby')
    .map((state) => partOf(name, state));
  return { name, readable: parts.some(({ state }) => state === 'up'), parts };
}

function partOf(shard: string, { name, leftOut, since }: ServerState): Part {
  return {
    name: `${shard} ${name}`,
    state: leftOut === undefined ? 'up' : 'down',
    since,
    reason: leftOut,
  };
}
