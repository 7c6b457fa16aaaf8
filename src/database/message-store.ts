import type { DatabaseConfig } from '../config/index.js';
import type { Message } from '../messages/message.js';
import { PrismaMessagesRepository } from './messages/prisma-messages.repository.js';
import { Shards } from './shards/shards.js';
import { verifyShards } from './migrate/verify.js';

/** The database for commands that run outside Nest and write many messages at once. */
export class MessageStore {
  private readonly repository: PrismaMessagesRepository;

  private constructor(private readonly shards: Shards) {
    this.repository = new PrismaMessagesRepository(shards);
  }

  /** @throws DatabaseStateError if a shard is not migrated, or owns other buckets */
  static async open(config: DatabaseConfig): Promise<MessageStore> {
    await verifyShards(config);
    return new MessageStore(new Shards(config));
  }

  /** Stores messages; answers how many of them were not there before. */
  insertMany(messages: readonly Message[]): Promise<number> {
    return this.repository.insertMany(messages);
  }

  close(): Promise<void> {
    return this.shards.close();
  }
}
