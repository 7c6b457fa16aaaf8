import { afterEach, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { RedisFreshnessFloors } from '../src/database/freshness/redis-freshness-floors.js';
import {
  at,
  type FloorsProcess,
  floorsProcess,
  keepsFresh,
  knownFloor,
  Primary,
} from './harness/floors.js';
import { RedisServer } from './harness/redis.js';

const TEST_MS = 60_000;
const ROUNDS = 150;
const TAGS = 40;
/** Of 1 KiB each: several times what the server may hold. */
const PAGES_PER_ROUND = 200;
const MAX_MEMORY = '6mb';
const FLOORS = 'messages:2:floors:{s0:0}';

let server: RedisServer | undefined;
const processes: FloorsProcess[] = [];

async function start(policy: string) {
  server = await RedisServer.start({ maxmemory: MAX_MEMORY, 'maxmemory-policy': policy });
  for (let count = 0; count < 2; count++) processes.push(await floorsProcess(server));
  const [writer, reader] = processes as [FloorsProcess, FloorsProcess];
  return { server, writer, reader };
}

afterEach(async () => {
  for (const each of processes.splice(0)) await each[Symbol.asyncDispose]();
  await server?.stop();
});

/** Fills the server with pages that expire, beyond what it holds; then goes on doing so. */
async function fill(at: RedisServer, round: number): Promise<void> {
  const client = createClient({ url: at.url });
  await client.connect();
  try {
    const page = 'x'.repeat(1_024);
    await Promise.all(
      Array.from({ length: PAGES_PER_ROUND }, (_, n) =>
        client.set(`page:${round}:${n}`, page, { PX: 600_000 }).catch(() => undefined),
      ),
    );
  } finally {
    await client.disconnect();
  }
}

async function evictedKeys(at: RedisServer): Promise<number> {
  const info = String(await at.command('INFO', 'stats'));
  return Number(/^evicted_keys:(\d+)/m.exec(info)?.[1]);
}

describe(`${RedisFreshnessFloors.name}, in a Redis that evicts keys`, () => {
  it.each(['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-lru', 'volatile-ttl'])(
    'never forgets a floor unnoticed (%s)',
    async (policy) => {
      const { server, writer, reader } = await start(policy);
      const primary = new Primary();
      await knownFloor(reader, primary, 'tag0');
      const stale: string[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const position = primary.advanceTo(at(100 + round));
        const tag = `tag${round % TAGS}`;
        await Promise.all([writer.floors.raise(primary, [tag], position), fill(server, round)]);
        // All the tags that were raised, the last raise of each.
        for (let back = 0; back < Math.min(TAGS, round + 1); back++) {
          const raised = at(100 + round - back);
          const of = `tag${(round - back) % TAGS}`;
          const floor = await reader.floors.of(primary, of);
          if (!keepsFresh(floor, raised)) stale.push(`${of} in round ${round}`);
        }
      }
      expect(stale).toEqual([]);
      expect(await evictedKeys(server)).toBeGreaterThan(ROUNDS * PAGES_PER_ROUND * 0.5);
      // Where only what expires is evicted, floors never are.
      if (policy.startsWith('volatile')) expect(primary.asked).toBe(1);
      expect([...writer.events, ...reader.events]).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'takes floors that Redis has evicted for unknown, and sets a new baseline',
    async () => {
      const { server, writer, reader } = await start('allkeys-random');
      const primary = new Primary();
      await knownFloor(reader, primary, 'cats');
      await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
      primary.hold();
      for (let round = 0; (await server.command('EXISTS', FLOORS)) === 1; round++) {
        await fill(server, round);
      }
      expect(await reader.floors.of(primary, 'cats')).toBe('primary');
      expect(await reader.floors.of(primary, 'dogs')).toBe('primary');
      primary.release();
      expect(await knownFloor(reader, primary, 'cats')).toEqual(at(20));
    },
    TEST_MS,
  );
});
