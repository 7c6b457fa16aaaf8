import { RedisScript, type RedisServers } from '../../redis/index.js';
import type { MemoryWindows } from './memory-windows.js';
import type { WindowCount, Windows } from './windows.js';

/** One more; a window that has no end, or is longer than windows are now, ends in time. */
const COUNT = new RedisScript(`
local window = tonumber(ARGV[1])
local current = redis.call('INCR', KEYS[1])
local ttl = redis.call('PTTL', KEYS[1])
if ttl < 0 or ttl > window then
  redis.call('PEXPIRE', KEYS[1], window)
  ttl = window
end
return {current, ttl}
`);

const KEY_PREFIX = 'rate:post:';

/**
 * What all processes have counted together. While Redis does not answer in time, each goes on by
 * itself from where they were: a client gets more than its limit, and nobody an error.
 */
export class RedisWindows implements Windows {
  constructor(
    private readonly redis: RedisServers,
    private readonly local: MemoryWindows,
  ) {}

  async count(client: string, windowMs: number, max: number): Promise<WindowCount> {
    // Who is over the limit stays so until the window ends: a flood does not reach Redis.
    if (this.local.isOver(client, max)) return this.local.count(client, windowMs);
    let shared: WindowCount;
    try {
      shared = await this.ask(client, windowMs);
    } catch {
      return this.local.count(client, windowMs);
    }
    this.local.learn(client, shared);
    return shared;
  }

  private async ask(client: string, windowMs: number): Promise<WindowCount> {
    const key = `${KEY_PREFIX}${client}`;
    const answer = await this.redis
      .at(key)
      .run((connection) => COUNT.run(connection, [key], [String(windowMs)]));
    const [current, ttl] = answer as [number, number];
    return { current, ttl };
  }
}
