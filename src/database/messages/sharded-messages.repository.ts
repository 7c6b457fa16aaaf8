import { Injectable } from '@nestjs/common';
import { bucketOfTag } from '../../messages/bucket.js';
import { parseMessageId } from '../../messages/message-id.js';
import type { Message } from '../../messages/message.js';
import {
  type MessagePage,
  MessagesRepository,
  type PageQuery,
  type Stored,
} from '../../messages/messages.repository.js';
import { Shards } from '../shards/shards.js';

/** Hands each call to the shard that has the tag. */
@Injectable()
export class ShardedMessagesRepository extends MessagesRepository {
  constructor(private readonly shards: Shards) {
    super();
  }

  async insert(message: Message, idempotencyKey?: string): Promise<Stored> {
    return this.shards.of(bucketOfTag(message.tag)).insert(message, idempotencyKey);
  }

  async page(query: PageQuery): Promise<MessagePage> {
    return this.shards.of(bucketOfTag(query.tag)).page(query);
  }

  async find(id: string): Promise<string | undefined> {
    const parsed = parseMessageId(id);
    return parsed && this.shards.of(parsed.bucket).find(parsed.id);
  }
}
