import { randomUUID } from 'node:crypto';
import type { RedisServers } from '../../redis/index.js';
import { floorKeys } from './floor-keys.js';
import { MARK_BASELINE, SET_BASELINE, TURN_FLOORS } from './floor-scripts.js';
import type { FloorSource } from './freshness-floors.js';
import { formatPosition, parsePosition, type Position, POSITION_LENGTH } from './position.js';

/**
 * Since which position Redis has the floors of a partition of a source's tags: what came before it
 * may have forgotten, so it is a floor of every tag. It names the server run that it holds for; one
 * that a restart brought back from an old dump, or that a failover brought from another server, is
 * as good as none.
 *
 * It stands in the same hash as the floors that it vouches for, so Redis cannot have the one without
 * the others, not even where it evicts keys: a hash that is gone is gone with its baseline.
 *
 * Setting it takes three steps: to leave a mark where the baseline will stand, then to ask the
 * primary how far it is, then to replace that very mark by the answer. Why nothing acknowledged is
 * missed, however writers raise floors meanwhile: a position that was raised before the mark was
 * left had been reached by the primary before it was asked, so the answer covers it, even if the
 * floor is gone. One that is raised after the mark was left is still there in its floor: whatever
 * makes this server lose floors (a flush, an eviction, a restart, a sync from another server) takes
 * the mark with it, or changes the server's id, and then the third step changes nothing that a
 * reader would believe. Without the mark, a flush between the asking and the setting would go
 * unnoticed. And a floor and its baseline are read by one command, so no loss can come between.
 *
 * Processes that do this at once use the mark of the first; each has asked after it was left.
 *
 * Floors have to be forgotten some day. So a hash that is older than `lifetimeMs` is put aside, and
 * a new one begun with a mark: until the next turn both are read, the older for its baseline. When
 * it goes, the baseline of the newer one is old enough itself that no replica in use is behind it,
 * and no page that was read before it is still kept.
 */
export class RedisBaselines {
  private readonly beingSet = new Set<string>();

  constructor(
    private readonly servers: RedisServers,
    private readonly options: {
      readonly lifetimeMs: number;
      readonly onFailed: (error: unknown) => void;
      readonly onRecovered: () => void;
    },
  ) {}

  /** Reads what stands as a baseline; undefined if it is none of this server. */
  static parse(text: string | null | undefined, serverId: string): Position | undefined {
    const prefix = prefixOf(serverId);
    if (!text?.startsWith(prefix)) return undefined;
    return parsePosition(text.slice(prefix.length, prefix.length + POSITION_LENGTH));
  }

  static isMark(text: string | null | undefined): boolean {
    return text?.startsWith('?') ?? false;
  }

  /** Has a missing baseline set, in the background; one attempt at a time for each partition. */
  setSoon(source: FloorSource, hashTag: string): void {
    this.soon(hashTag, () => this.set(source, hashTag));
  }

  /** Begins a new hash of floors if the one that there is has become too old, in the background. */
  turnSoon(source: FloorSource, hashTag: string): void {
    this.soon(hashTag, async () => {
      await this.turn(hashTag);
      await this.set(source, hashTag);
    });
  }

  /** Leaves floors that cannot be told one by one to the next baseline: it covers them all. */
  async forget(hashTag: string): Promise<void> {
    const { current, previous } = floorKeys(hashTag);
    await this.servers.at(current).run((client) => client.unlink([current, previous]));
  }

  private soon(hashTag: string, work: () => Promise<void>): void {
    if (this.beingSet.has(hashTag)) return;
    this.beingSet.add(hashTag);
    work()
      .then(this.options.onRecovered, this.options.onFailed)
      .finally(() => this.beingSet.delete(hashTag));
  }

  private async set(source: FloorSource, hashTag: string): Promise<void> {
    const { current, previous } = floorKeys(hashTag);
    const connection = this.servers.at(current);
    const { since, serverId } = await connection.run(async (client, serverId) => {
      const args = [prefixOf(serverId), newMark()];
      const since = await MARK_BASELINE.run(client, [current, previous], args);
      return { since: String(since), serverId };
    });
    if (RedisBaselines.parse(since, serverId)) return;
    const position = await source.currentPosition();
    // Of the server that was marked: if another one answers by now, it is not believed there.
    // With the mark behind it, so that no two baselines are alike, be they of the same position.
    const baseline = prefixOf(serverId) + formatPosition(position) + since;
    await connection.run((client) => SET_BASELINE.run(client, [current], [since, baseline]));
  }

  private async turn(hashTag: string): Promise<void> {
    const { current, previous } = floorKeys(hashTag);
    const lifetime = String(Math.ceil(this.options.lifetimeMs));
    await this.servers
      .at(current)
      .run((client, serverId) =>
        TURN_FLOORS.run(client, [current, previous], [prefixOf(serverId), newMark(), lifetime]),
      );
  }
}

function newMark(): string {
  return `?${randomUUID()}`;
}

function prefixOf(serverId: string): string {
  return `${serverId}:`;
}
