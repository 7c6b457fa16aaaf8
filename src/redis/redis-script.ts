import { createHash } from 'node:crypto';
import type { RedisClient } from './redis-client.js';

/** A Lua script, sent by its digest, and as text to a server that does not know it yet. */
export class RedisScript {
  private readonly sha1: string;

  constructor(private readonly text: string) {
    this.sha1 = createHash('sha1').update(text).digest('hex');
  }

  async run(client: RedisClient, keys: string[], args: string[]): Promise<unknown> {
    const call = { keys, arguments: args };
    try {
      return await client.evalSha(this.sha1, call);
    } catch (error) {
      if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      return client.eval(this.text, call);
    }
  }
}
