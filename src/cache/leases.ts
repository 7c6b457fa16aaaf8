import type { RedisServers } from '../redis/index.js';

/** Who may fill a page that others miss too. */
export abstract class Leases {
  /**
   * Takes the lease unless somebody has it; nobody can give it back, it ends after `ms`. Without a
   * common store, everybody has it. Never rejects; in bounded time.
   */
  abstract take(key: string, ms: number): Promise<boolean>;
}

/** Among all processes that share a Redis. */
export class RedisLeases extends Leases {
  constructor(private readonly servers: RedisServers) {
    super();
  }

  async take(key: string, ms: number): Promise<boolean> {
    try {
      const set = await this.servers
        .at(key)
        .run((client) => client.set(key, '', { NX: true, PX: ms }));
      return set !== null;
    } catch {
      // Nor could anybody else be found to have filled the page.
      return true;
    }
  }
}

/** For a process that shares its cache with nobody. */
export class NoLeases extends Leases {
  take(): Promise<boolean> {
    return Promise.resolve(true);
  }
}
