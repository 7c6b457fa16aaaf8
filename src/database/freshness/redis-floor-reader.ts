import type { RedisClient } from '../../redis/index.js';
import { floorField, floorKeys, SINCE } from './floor-keys.js';
import type { Floor, FloorSource } from './freshness-floors.js';
import { join, parsePosition, type Position } from './position.js';
import { RedisBaselines } from './redis-baselines.js';

export interface FloorLookup {
  readonly source: FloorSource;
  readonly tag: string;
  /** The tag's, by `hashTag`. */
  readonly hashTag: string;
}

/** Fields of a hash; what is missing is null. */
type Fields = readonly (string | null)[];

/** Reads floors from the server that has them, as part of what a flight asks of it. */
export class RedisFloorReader {
  constructor(private readonly baselines: RedisBaselines) {}

  /** To be called within `RedisConnection.run`. Answers in the order of the lookups. */
  async read(
    client: RedisClient,
    serverId: string,
    lookups: readonly FloorLookup[],
  ): Promise<Floor[]> {
    const partitions = new Map<string, FloorLookup[]>();
    for (const lookup of lookups) {
      const partition = partitions.get(lookup.hashTag);
      if (partition) partition.push(lookup);
      else partitions.set(lookup.hashTag, [lookup]);
    }
    const floors = new Map<FloorLookup, Floor>();
    await Promise.all(
      Array.from(partitions, async ([hashTag, asked]) => {
        const read = await this.readPartition(client, serverId, hashTag, asked);
        for (const [index, lookup] of asked.entries()) floors.set(lookup, read[index] ?? 'primary');
      }),
    );
    return lookups.map((lookup) => floors.get(lookup) ?? 'primary');
  }

  private async readPartition(
    client: RedisClient,
    serverId: string,
    hashTag: string,
    lookups: readonly FloorLookup[],
  ): Promise<Floor[]> {
    const { current, previous } = floorKeys(hashTag);
    const fields = [SINCE, ...lookups.map(({ tag }) => floorField(tag))];
    // In this order: one that is put aside in between is read twice, where it would be missed.
    const [[since, ...floors], [sinceBefore, ...floorsBefore]] = await Promise.all([
      readHash(client, current, fields),
      readHash(client, previous, fields),
    ]);
    const baseline = RedisBaselines.parse(since, serverId);
    const [first] = lookups;
    if (!baseline && first) this.baselines.setSoon(first.source, hashTag);
    // What was raised after the older hash was put aside is in the newer one, or nobody knows it.
    if (!baseline && !RedisBaselines.isMark(since)) return lookups.map(() => 'primary');
    const baselineBefore = RedisBaselines.parse(sinceBefore, serverId);
    return lookups.map((_, index) =>
      baselineBefore
        ? floorFrom(baselineBefore, floorsBefore[index], floors[index])
        : floorFrom(baseline, floors[index]),
    );
  }
}

async function readHash(client: RedisClient, key: string, fields: string[]): Promise<Fields> {
  try {
    return await client.hmGet(key, fields);
  } catch (error) {
    // What is no hash has no floors.
    if ((error as Error).message.startsWith('WRONGTYPE')) return [];
    throw error;
  }
}

/** A text that is no position may have been a higher one. */
function floorFrom(
  baseline: Position | undefined,
  ...texts: readonly (string | null | undefined)[]
): Floor {
  if (baseline === undefined) return 'primary';
  let floor = baseline;
  for (const text of texts) {
    if (text === null || text === undefined) continue;
    const position = parsePosition(text);
    if (!position) return 'primary';
    floor = join(floor, position);
  }
  return floor;
}
