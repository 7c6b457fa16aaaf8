import type { RedisConnection } from './redis-connection.js';

/**
 * The Redis servers that the processes of the service share: one, or the masters of a cluster, each
 * with a connection, deadlines and an identity of its own. One that fails fails what it serves, and
 * nothing else.
 *
 * Keys that are read together share a hash tag, the part of a key in braces; those of one hash tag
 * are always served by one connection.
 */
export abstract class RedisServers {
  /** For a command, in milliseconds. */
  abstract readonly timeoutMs: number;
  /** Hash tags to spread over, so that every server gets its part: 1 where there is one server. */
  abstract readonly partitions: number;

  /** Whether any of them can be asked. */
  abstract readonly ready: boolean;

  /** The connection to the server of the key, whether it can be asked now or not. */
  abstract at(key: string): RedisConnection;

  /** Keys of one server as one command may name them: in a cluster, those of one slot. */
  abstract together(keys: readonly string[]): readonly (readonly string[])[];

  /** Calls back each time that a server becomes ready, or takes over keys of another one. */
  abstract onReady(listener: () => void): void;

  /** Waits for a RedisMovedError to be over: in bounded time, and perhaps in vain. */
  abstract settle(keys: readonly string[]): Promise<void>;

  abstract close(): Promise<void>;

  /** Items by the connection that serves their key, for one flight to each. */
  group<Item>(
    items: Iterable<Item>,
    keyOf: (item: Item) => string,
  ): ReadonlyMap<RedisConnection, readonly Item[]> {
    const groups = new Map<RedisConnection, Item[]>();
    for (const item of items) {
      const connection = this.at(keyOf(item));
      const group = groups.get(connection);
      if (group) group.push(item);
      else groups.set(connection, [item]);
    }
    return groups;
  }
}
