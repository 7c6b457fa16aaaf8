import { Injectable } from '@nestjs/common';
import { type CopyPlace, Freshness, type TagPlace } from '../cache/freshness.js';
import { bucketOfTag } from '../messages/bucket.js';
import { parseMessageId } from '../messages/message-id.js';
import { Shards } from './shards/shards.js';

/** Asks the shard that has the tag. */
@Injectable()
export class ShardedFreshness extends Freshness {
  constructor(private readonly shards: Shards) {
    super();
  }

  placeOfTag(tag: string): TagPlace {
    const shard = this.shards.of(bucketOfTag(tag));
    return {
      ...shard.placeOf(tag),
      demand: (consistencyToken, then) => shard.demandOf(tag, consistencyToken, then),
      readStored: ({ limit, cursor }) => shard.storedPage({ tag, limit, before: cursor }),
    };
  }

  placeOfMessage(id: string): CopyPlace {
    const parsed = parseMessageId(id);
    if (!parsed) throw new Error('this is no id of a message');
    return this.shards.of(parsed.bucket).placeOf('');
  }
}
