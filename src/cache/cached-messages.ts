import { NotFoundError } from '../errors/index.js';
import { parseMessageId } from '../messages/message-id.js';
import { noteAnsweredFrom } from '../request-context/index.js';
import { messageKey } from './cache-keys.js';
import type { Copies } from './copies.js';
import type { Freshness } from './freshness.js';
import type { OnLookup } from './lookup.js';
import { Messages } from './messages.js';

export interface CachedMessagesOptions {
  readonly messageTtlMs: number;
  /** For how long it is remembered that there is no message with an id, in milliseconds. */
  readonly missingTtlMs: number;
  /** After so long nobody stores a message any more whose id is of then, in milliseconds. */
  readonly settledAfterMs: number;
  readonly onLookup?: OnLookup;
}

/** What stands where a page has its ETag, for a message and for none. */
const THERE = { etag: 'there', asOf: '', next: undefined };
const MISSING = { etag: 'missing', asOf: '', next: undefined };

/**
 * Single messages, which never change, from copies. That there is none is remembered only of ids
 * that are too old for anybody to store a message under them, but for an import.
 */
export class CachedMessages extends Messages {
  constructor(
    private readonly copies: Copies,
    private readonly freshness: Freshness,
    private readonly options: CachedMessagesOptions,
  ) {
    super();
  }

  async message(text: string, load: () => Promise<string>): Promise<Buffer> {
    const parsed = parseMessageId(text);
    if (!parsed) return Buffer.from(await load());
    const { id, createdAt } = parsed;
    const { shard, prefix } = this.freshness.placeOfMessage(id);
    const key = messageKey(prefix, id);
    const found = await this.copies.find(key);
    if (found !== undefined && found !== 'failed') {
      this.options.onLookup?.('message', 'hit', shard);
      noteAnsweredFrom('cache', shard);
      if (found.etag === MISSING.etag) throw new NotFoundError(found.body.toString());
      return found.body;
    }
    this.options.onLookup?.('message', found === 'failed' ? 'error' : 'miss', shard);
    const settled = createdAt.getTime() < Date.now() - this.options.settledAfterMs;
    return this.load(key, settled, load);
  }

  private async load(key: string, settled: boolean, load: () => Promise<string>): Promise<Buffer> {
    try {
      const body = Buffer.from(await load());
      this.copies.put(key, { body, ...THERE }, this.options.messageTtlMs);
      return body;
    } catch (error) {
      if (error instanceof NotFoundError && settled) {
        const body = Buffer.from(error.message);
        this.copies.put(key, { body, ...MISSING }, this.options.missingTtlMs);
      }
      throw error;
    }
  }
}
