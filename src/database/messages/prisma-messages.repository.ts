import { Injectable } from '@nestjs/common';
import { bucketOfTag } from '../../messages/bucket.js';
import { parseMessageId } from '../../messages/message-id.js';
import type { Message } from '../../messages/message.js';
import {
  type MessagePage,
  MessagesRepository,
  type PageQuery,
} from '../../messages/messages.repository.js';
import type { Message as MessageRow } from '../generated/client.js';
import type { Shard } from '../shards/shard.js';
import { Shards } from '../shards/shards.js';
import { orUnavailable } from '../unavailable.js';

@Injectable()
export class PrismaMessagesRepository extends MessagesRepository {
  constructor(private readonly shards: Shards) {
    super();
  }

  async insert(message: Message): Promise<void> {
    await this.insertMany([message]);
  }

  async insertMany(messages: readonly Message[]): Promise<number> {
    const counts = await Promise.all(
      Array.from(this.byShard(messages), ([shard, rows]) =>
        orUnavailable(shard.name, () => insertInto(shard, rows)),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async page({ tag, limit, before }: PageQuery): Promise<MessagePage> {
    const shard = this.shards.of(bucketOfTag(tag));
    const rows = await orUnavailable(shard.name, () =>
      shard.primary.message.findMany({
        where: before === undefined ? { tag } : { tag, id: { lt: before } },
        orderBy: { id: 'desc' },
        // One more than asked for: it tells whether there is a next page.
        take: limit + 1,
      }),
    );
    return { messages: rows.slice(0, limit).map(toMessage), more: rows.length > limit };
  }

  async find(id: string): Promise<Message | undefined> {
    const parsed = parseMessageId(id);
    if (!parsed) return undefined;
    const shard = this.shards.of(parsed.bucket);
    const row = await orUnavailable(shard.name, () =>
      shard.primary.message.findUnique({ where: { id: parsed.id } }),
    );
    return row ? toMessage(row) : undefined;
  }

  private byShard(messages: readonly Message[]): Map<Shard, Message[]> {
    const groups = new Map<Shard, Message[]>();
    for (const message of messages) {
      const shard = this.shards.of(bucketOfTag(message.tag));
      const group = groups.get(shard);
      if (group) group.push(message);
      else groups.set(shard, [message]);
    }
    return groups;
  }
}

/** One statement whatever the number of rows, so that its text, and so its plan, stays the same. */
function insertInto({ primary }: Shard, rows: readonly Message[]): Promise<number> {
  const ids = rows.map(({ id }) => id);
  const tags = rows.map(({ tag }) => tag);
  const texts = rows.map(({ message }) => message);
  return primary.$executeRaw`
    INSERT INTO messages (id, tag, message)
    SELECT * FROM unnest(${ids}::uuid[], ${tags}::text[], ${texts}::text[])
    ON CONFLICT (id) DO NOTHING`;
}

function toMessage({ id, message, tag }: MessageRow): Message {
  const parsed = parseMessageId(id);
  if (!parsed) throw new Error(`the database has a message whose id is none: ${id}`);
  return { id, message, tag, createdAt: parsed.createdAt };
}
