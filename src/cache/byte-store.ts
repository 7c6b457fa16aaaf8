import type { CacheManagerStore } from 'cache-manager';
import { redisInsStore } from 'cache-manager-redis-yet';
import { commandOptions } from 'redis';
import type { RedisConnection, RedisServers } from '../redis/index.js';

/** What a store keeps for Keyv. */
export interface StoredBytes {
  readonly value: Buffer;
}

/** In place of a value that could not be asked for: cache-manager makes a miss of a rejection. */
export class Unread {
  constructor(readonly error: unknown) {}
}

const BUFFERS = commandOptions({ returnBuffers: true });

/**
 * The store of cache-manager-redis-yet, but that values are bytes, which go to Redis and come back
 * as they are: that store reads and writes JSON, which costs more than all the rest of a hit. And
 * every command has the connection's deadline.
 */
export function byteStore(servers: RedisServers, connection: RedisConnection): CacheManagerStore {
  const store = redisInsStore(connection.client as unknown as Parameters<typeof redisInsStore>[0]);
  const mget = async (...keys: string[]): Promise<({ value: Buffer | Unread } | undefined)[]> => {
    try {
      const values = new Map<string, Buffer | null | undefined>();
      await connection.run((client) =>
        Promise.all(
          servers.together(keys).map(async (group) => {
            const read = await client.mGet(BUFFERS, [...group]);
            for (const [index, key] of group.entries()) values.set(key, read[index]);
          }),
        ),
      );
      return keys.map((key) => {
        const value = values.get(key);
        return value ? { value } : undefined;
      });
    } catch (error) {
      return keys.map(() => ({ value: new Unread(error) }));
    }
  };
  return {
    ...(store as unknown as CacheManagerStore),
    mget,
    get: async (key) => (await mget(key))[0],
    set: async (key, stored, ttlMs) => {
      const { value } = stored as StoredBytes;
      await connection.run((client) =>
        client.set(key, value, ttlMs === undefined ? {} : { PX: ttlMs }),
      );
    },
  };
}
