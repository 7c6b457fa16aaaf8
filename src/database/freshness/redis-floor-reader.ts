import { hash } from 'node:crypto';
import type { RedisClient } from '../../redis/index.js';
import { floorField, floorKeys, SINCE } from './floor-keys.js';
import type { Floor, FloorSource, KnownFloor } from './freshness-floors.js';
import { join, parsePosition, type Position, POSITION_LENGTH } from './position.js';
import { RedisBaselines } from './redis-baselines.js';

export interface FloorLookup {
  readonly source: FloorSource;
  readonly tag: string;
  /** The tag's, by `hashTag`. */
  readonly hashTag: string;
}

/** A position, and the id of the raise that made it. */
const FLOOR = /^[0-9a-f]{24}\.[!-~]{1,40}$/;
const UNKNOWN: KnownFloor = { floor: 'primary', version: undefined };
/** Hashes that are read by one process, now and lately. */
const NAMES_MAX = 1_000;

/** Fields of a hash; what is missing is null. */
type Fields = readonly (string | null)[];

/** Reads floors from the server that has them, as part of what a flight asks of it. */
export class RedisFloorReader {
  private readonly names = new Map<string, string>();

  constructor(private readonly baselines: RedisBaselines) {}

  /** To be called within `RedisConnection.run`. Answers in the order of the lookups. */
  async read(
    client: RedisClient,
    serverId: string,
    lookups: readonly FloorLookup[],
  ): Promise<KnownFloor[]> {
    const partitions = new Map<string, FloorLookup[]>();
    for (const lookup of lookups) {
      const partition = partitions.get(lookup.hashTag);
      if (partition) partition.push(lookup);
      else partitions.set(lookup.hashTag, [lookup]);
    }
    const floors = new Map<FloorLookup, KnownFloor>();
    await Promise.all(
      Array.from(partitions, async ([hashTag, asked]) => {
        const read = await this.readPartition(client, serverId, hashTag, asked);
        for (const [index, lookup] of asked.entries()) floors.set(lookup, read[index] ?? UNKNOWN);
      }),
    );
    return lookups.map((lookup) => floors.get(lookup) ?? UNKNOWN);
  }

  private async readPartition(
    client: RedisClient,
    serverId: string,
    hashTag: string,
    lookups: readonly FloorLookup[],
  ): Promise<KnownFloor[]> {
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
    if (!baseline && !RedisBaselines.isMark(since)) return lookups.map(() => UNKNOWN);
    const baselineBefore = RedisBaselines.parse(sinceBefore, serverId);
    const hashes = this.nameOf(`${since} ${sinceBefore}`);
    return lookups.map((_, index) =>
      baselineBefore
        ? floorFrom(hashes, baselineBefore, floorsBefore[index], floors[index])
        : floorFrom(hashes, baseline, floors[index]),
    );
  }

  /** Short for the baselines of a pair of hashes, and the same in every process. */
  private nameOf(baselines: string): string {
    const known = this.names.get(baselines);
    if (known !== undefined) return known;
    if (this.names.size >= NAMES_MAX) this.names.clear();
    const name = hash('sha256', baselines, 'base64url').slice(0, 16);
    this.names.set(baselines, name);
    return name;
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

/** A floor as it stands in Redis, where only its version matters to most who ask. */
class StoredFloor implements KnownFloor {
  readonly version: string | undefined;

  constructor(
    private readonly baseline: Position,
    private readonly texts: readonly (string | null | undefined)[],
    hashes: string,
  ) {
    this.version = `${hashes}.${texts.map((text) => text ?? '').join('.')}`;
  }

  get floor(): Floor {
    let floor = this.baseline;
    for (const text of this.texts) {
      const position = parsePosition(text?.slice(0, POSITION_LENGTH) ?? '');
      if (position) floor = join(floor, position);
    }
    return floor;
  }
}

/** What is no floor may have been a higher one. */
function floorFrom(
  hashes: string,
  baseline: Position | undefined,
  ...texts: readonly (string | null | undefined)[]
): KnownFloor {
  if (baseline === undefined) return UNKNOWN;
  const areFloors = texts.every((text) => text === null || text === undefined || FLOOR.test(text));
  return areFloors ? new StoredFloor(baseline, texts, hashes) : UNKNOWN;
}
