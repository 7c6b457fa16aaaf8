import type { RedisConnection } from './redis-connection.js';
import { RedisServers } from './redis-servers.js';

/** One server that has every key. */
export class SingleRedisServer extends RedisServers {
  readonly partitions = 1;

  constructor(readonly connection: RedisConnection) {
    super();
  }

  get timeoutMs(): number {
    return this.connection.timeoutMs;
  }

  get ready(): boolean {
    return this.connection.serverId !== undefined;
  }

  at(): RedisConnection {
    return this.connection;
  }

  together(keys: readonly string[]): readonly (readonly string[])[] {
    return [keys];
  }

  onReady(listener: () => void): void {
    this.connection.onReady(listener);
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
