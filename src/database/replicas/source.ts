import type { PrismaClient } from '../generated/client.js';

/** A server that a read may be sent to. */
export interface Source {
  readonly name: string;
  readonly role: 'primary' | 'replica';
  readonly client: PrismaClient;
  /** Requests that wait for it or are under way. */
  load: number;
  /** What `work` comes to, or a rejection as soon as the server is found not to answer. */
  whileAnswering<T>(work: Promise<T>): Promise<T>;
}
