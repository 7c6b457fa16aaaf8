import type { Message } from './message.js';

export interface PageQuery {
  /** Normalised. */
  readonly tag: string;
  /** 1 to 500. */
  readonly limit: number;
  /** Only messages older than this id. */
  readonly before?: string;
}

export interface MessagePage {
  /** Newest first. */
  readonly messages: readonly Message[];
  /** Whether the tag has messages older than the last of these. */
  readonly more: boolean;
}

/**
 * Where messages are kept. Once `insert` has resolved, every later `page` and `find`, through any
 * process, has the message. Each call rejects with `UnavailableError` in bounded time if it cannot
 * be served.
 */
export abstract class MessagesRepository {
  /** Stores a message; a message whose id is there already is left as it is. */
  abstract insert(message: Message): Promise<void>;
  abstract page(query: PageQuery): Promise<MessagePage>;
  abstract find(id: string): Promise<Message | undefined>;
}
