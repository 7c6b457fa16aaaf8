import type { Message } from './message.js';

export interface Stored {
  /** That of the message, or of the one that the idempotency key came to before. */
  readonly id: string;
  /** Makes a `page` that it is given to at least as new as this. */
  readonly consistencyToken: string;
}

export interface PageQuery {
  /** Normalised. */
  readonly tag: string;
  /** 1 to 500. */
  readonly limit: number;
  /** Only messages older than this id. */
  readonly before?: string | undefined;
  /** From an `insert`, or made up: it is held to say nothing that is not so. */
  readonly consistencyToken?: string | undefined;
}

export interface MessagePage {
  /** An array of messages, newest first, as the JSON text that is answered. */
  readonly json: string;
  /** The last message's id if the tag has older ones. */
  readonly next: string | undefined;
}

/**
 * Where messages are kept. Once `insert` has resolved, every later `page` and `find`, through any
 * process, has the message. Each call rejects with `UnavailableError` in bounded time if it cannot
 * be served.
 */
export abstract class MessagesRepository {
  /**
   * Stores a message; a message whose id is there already is left as it is. With a key that a
   * message of the last 24 hours came with, stores nothing and answers that message's id.
   *
   * @throws IdempotencyConflictError if that message was another one
   */
  abstract insert(message: Message, idempotencyKey?: string): Promise<Stored>;
  abstract page(query: PageQuery): Promise<MessagePage>;
  /** The message as the JSON text that is answered. */
  abstract find(id: string): Promise<string | undefined>;
}
