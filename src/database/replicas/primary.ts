import type { PrismaClient } from '../generated/client.js';
import type { Source } from './source.js';

/** The server that takes every insert, and every read that no replica is known to be fresh for. */
export class Primary implements Source {
  readonly name = 'primary';
  readonly role = 'primary';
  load = 0;

  constructor(readonly client: PrismaClient) {}

  /** Nobody else could be asked, so a primary that is slow to answer is waited for. */
  whileAnswering<T>(work: Promise<T>): Promise<T> {
    return work;
  }
}
