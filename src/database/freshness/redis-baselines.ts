import { randomUUID } from 'node:crypto';
import type { RedisServers } from '../../redis/index.js';
import { baselineKey } from './floor-keys.js';
import { MARK_BASELINE, RAISE_BASELINE, SET_BASELINE } from './floor-scripts.js';
import type { FloorSource } from './freshness-floors.js';
import { formatPosition, parsePosition, type Position } from './position.js';

/**
 * Since which position Redis has the floors of a source: what came before it may have forgotten, so
 * it is a floor of every tag. It names the server run that it holds for; one that a restart brought
 * back from an old dump is as good as none.
 *
 * Setting it takes three steps: to leave a mark where the baseline will stand, then to ask the
 * primary how far it is, then to replace that very mark by the answer. Why nothing acknowledged is
 * missed, however writers raise floors meanwhile: a position that was raised before the mark was
 * left had been reached by the primary before it was asked, so the answer covers it, even if the
 * floor is gone. One that is raised after the mark was left is still there in its floor: whatever
 * makes this server lose floors (a flush, a restart, a sync from another server) takes the mark
 * with it, or changes the server's id, and then the third step changes nothing that a reader would
 * believe. Without the mark, a flush between the asking and the setting would go unnoticed. And a
 * writer's floor and the baseline are read by one MGET, so no loss can come between those two.
 *
 * Processes that do this at once use the mark of the first; each has asked after it was left.
 */
export class RedisBaselines {
  private readonly beingSet = new Set<string>();

  constructor(
    private readonly servers: RedisServers,
    private readonly report: {
      readonly onFailed: (error: unknown) => void;
      readonly onRecovered: () => void;
    },
  ) {}

  /** Reads what stands under a baseline's key; undefined if it is none of this server. */
  static parse(text: string | null | undefined, serverId: string): Position | undefined {
    const prefix = prefixOf(serverId);
    return text?.startsWith(prefix) ? parsePosition(text.slice(prefix.length)) : undefined;
  }

  /** Has a missing baseline set, in the background; one attempt at a time for each source. */
  setSoon(source: FloorSource): void {
    if (this.beingSet.has(source.id)) return;
    this.beingSet.add(source.id);
    this.set(source)
      .then(this.report.onRecovered, this.report.onFailed)
      .finally(() => this.beingSet.delete(source.id));
  }

  /** Makes every tag of a source need `position`, for floors that cannot be told one by one. */
  async raise(source: FloorSource, position: Position): Promise<void> {
    const key = baselineKey(source);
    await this.servers
      .at(key)
      .run((client, serverId) =>
        RAISE_BASELINE.run(client, [key], [prefixOf(serverId), formatPosition(position)]),
      );
  }

  private async set(source: FloorSource): Promise<void> {
    const key = baselineKey(source);
    const connection = this.servers.at(key);
    const { mark, serverId } = await connection.run(async (client, serverId) => {
      const left = await MARK_BASELINE.run(client, [key], [prefixOf(serverId), `?${randomUUID()}`]);
      return { mark: String(left), serverId };
    });
    if (RedisBaselines.parse(mark, serverId)) return;
    const position = await source.currentPosition();
    // Of the server that was marked: if another one answers by now, it is not believed there.
    const baseline = prefixOf(serverId) + formatPosition(position);
    await connection.run((client) => SET_BASELINE.run(client, [key], [mark, baseline]));
  }
}

function prefixOf(serverId: string): string {
  return `${serverId}:`;
}
