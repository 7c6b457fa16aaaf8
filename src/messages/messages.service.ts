import { Injectable } from '@nestjs/common';
import { InvalidInputError, NotFoundError } from '../errors/index.js';
import { bucketOfTag } from './bucket.js';
import { MessageIdGenerator, parseMessageId } from './message-id.js';
import type { Message } from './message.js';
import { MessagesRepository, type MessagePage } from './messages.repository.js';

export interface NewMessage {
  readonly message: string;
  /** Normalised. */
  readonly tag: string;
  /** The same key with the same content within 24 hours is the same message. */
  readonly idempotencyKey?: string | undefined;
}

export interface Posted {
  readonly message: Message;
  readonly consistencyToken: string;
}

export interface PageRequest {
  /** Normalised. */
  readonly tag: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly consistencyToken?: string | undefined;
}

@Injectable()
export class MessagesService {
  private readonly ids = new MessageIdGenerator();

  constructor(private readonly repository: MessagesRepository) {}

  /** @throws IdempotencyConflictError if the key was used before with another content */
  async post({ message, tag, idempotencyKey }: NewMessage): Promise<Posted> {
    const asked = withId(this.ids.next(bucketOfTag(tag)), message, tag);
    const { id, consistencyToken } = await this.repository.insert(asked, idempotencyKey);
    return { message: id === asked.id ? asked : withId(id, message, tag), consistencyToken };
  }

  /** @throws InvalidInputError if the cursor is no message id, or one of another tag. */
  async page({ tag, limit, cursor, consistencyToken }: PageRequest): Promise<MessagePage> {
    if (cursor === undefined) return this.repository.page({ tag, limit, consistencyToken });
    const before = parseMessageId(cursor);
    if (before === undefined) throw new InvalidInputError('cursor', 'is not a message id');
    if (before.bucket !== bucketOfTag(tag)) {
      throw new InvalidInputError('cursor', 'belongs to another tag');
    }
    return this.repository.page({ tag, limit, before: before.id, consistencyToken });
  }

  /**
   * The message as JSON text.
   *
   * @throws NotFoundError
   */
  async find(id: string): Promise<string> {
    const parsed = parseMessageId(id);
    const found = parsed && (await this.repository.find(parsed.id));
    if (!found) throw new NotFoundError('There is no message with this id.');
    return found;
  }
}

function withId(id: string, message: string, tag: string): Message {
  const parsed = parseMessageId(id);
  if (!parsed) throw new Error(`made an id that is none: ${id}`);
  return { id, message, tag, createdAt: parsed.createdAt };
}
