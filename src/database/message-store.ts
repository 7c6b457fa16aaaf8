import type { DatabaseConfig, ShardConfig } from '../config/index.js';
import { bucketOfTag } from '../messages/bucket.js';
import type { Message } from '../messages/message.js';
import type { PrismaClient } from './generated/client.js';
import { verifyShards } from './migrate/verify.js';
import { connect } from './servers/connect.js';
import { ShardMap } from './shards/shard-map.js';
import { orUnavailable } from './unavailable.js';
import { INSERT_MESSAGES } from './writes/insert.statement.js';

interface StoreShard extends ShardConfig {
  readonly primary: PrismaClient;
}

/** The database for commands that run outside Nest and write many messages at once. */
export class MessageStore {
  private constructor(private readonly map: ShardMap<StoreShard>) {}

  /** @throws DatabaseStateError if a shard is not migrated, or owns other buckets */
  static async open(config: DatabaseConfig): Promise<MessageStore> {
    await verifyShards(config);
    const shards = config.shards.map((shard) => ({
      ...shard,
      primary: connect(shard.primaryUrl, config, { hot: [INSERT_MESSAGES], onlyPrimary: true })
        .client,
    }));
    return new MessageStore(new ShardMap(shards));
  }

  /** Stores messages; answers how many of them were not there before. */
  async insertMany(messages: readonly Message[]): Promise<number> {
    const counts = await Promise.all(
      Array.from(this.byShard(messages), ([shard, rows]) =>
        orUnavailable(shard.name, () => insertInto(shard, rows)),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.map.shards.map(({ primary }) => primary.$disconnect()));
  }

  private byShard(messages: readonly Message[]): Map<StoreShard, Message[]> {
    const groups = new Map<StoreShard, Message[]>();
    for (const message of messages) {
      const shard = this.map.of(bucketOfTag(message.tag));
      const group = groups.get(shard);
      if (group) group.push(message);
      else groups.set(shard, [message]);
    }
    return groups;
  }
}

function insertInto({ primary }: StoreShard, rows: readonly Message[]): Promise<number> {
  return primary.$executeRawUnsafe(
    INSERT_MESSAGES.sql,
    rows.map(({ id }) => id),
    rows.map(({ tag }) => tag),
    rows.map(({ message }) => message),
  );
}
