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
}

export interface PageRequest {
  /** Normalised. */
  readonly tag: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

@Injectable()
export class MessagesService {
  private readonly ids = new MessageIdGenerator();

  constructor(private readonly repository: MessagesRepository) {}

  async post({ message, tag }: NewMessage): Promise<Message> {
    const id = this.ids.next(bucketOfTag(tag));
    const posted: Message = { id, message, tag, createdAt: createdAtOf(id) };
    await this.repository.insert(posted);
    return posted;
  }

  /** @throws InvalidInputError if the cursor is no message id, or one of another tag. */
  async page({ tag, limit, cursor }: PageRequest): Promise<MessagePage> {
    if (cursor === undefined) return this.repository.page({ tag, limit });
    const before = parseMessageId(cursor);
    if (before === undefined) throw new InvalidInputError('cursor', 'is not a message id');
    if (before.bucket !== bucketOfTag(tag)) {
      throw new InvalidInputError('cursor', 'belongs to another tag');
    }
    return this.repository.page({ tag, limit, before: before.id });
  }

  /** @throws NotFoundError */
  async find(id: string): Promise<Message> {
    const parsed = parseMessageId(id);
    const found = parsed && (await this.repository.find(parsed.id));
    if (!found) throw new NotFoundError('There is no message with this id.');
    return found;
  }
}

function createdAtOf(id: string): Date {
  const parsed = parseMessageId(id);
  if (!parsed) throw new Error(`made an id that is none: ${id}`);
  return parsed.createdAt;
}
