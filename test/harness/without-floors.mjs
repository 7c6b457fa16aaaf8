// Loaded before the service, it takes from it what keeps replication lag from showing: every replica
// counts as fresh enough for every read. For tests that have to see what then goes wrong.
import { MemoryFreshnessFloors } from '../../dist/database/freshness/memory-freshness-floors.js';
import { RedisFreshnessFloors } from '../../dist/database/freshness/redis-freshness-floors.js';

for (const { name, prototype } of [MemoryFreshnessFloors, RedisFreshnessFloors]) {
  if (typeof prototype.of !== 'function') throw new Error(`${name} has no method "of" any more`);
  prototype.of = () => Promise.resolve({ timeline: 0, lsn: 0n });
}
