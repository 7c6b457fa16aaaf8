import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CachedServices } from './harness/cached-services.js';
import type { FaultShard } from './harness/fault-shard.js';
import { get, post } from './harness/http.js';
import { copiesOf, pathOf, untilCached, watchPages } from './harness/page-copies.js';
import { RedisServer } from './harness/redis.js';
import { ServiceProcess } from './harness/service-process.js';

let cached: CachedServices;
let { cluster, redis, services } = {} as CachedServices;
let shard: FaultShard;

beforeAll(async () => {
  cached = await CachedServices.start();
  ({ cluster, redis, services } = cached);
  shard = cluster.shard(0);
});

afterAll(() => cached[Symbol.asyncDispose]());

let tagCount = 0;
const newTag = () => `race-${++tagCount}`;

async function say(message: string, tag: string, process = 0): Promise<void> {
  expect((await post(services.url(process), { message, tag })).status).toBe(201);
}

async function shown(tag: string, process: number, query = ''): Promise<string[]> {
  const { status, body } = await get(services.url(process), pathOf(tag) + query);
  expect(status).toBe(200);
  return (body as { message: string }[]).map(({ message }) => message);
}

/** What stands under the keys of a tag's pages, with what puts it there again. */
async function takeCopies(tag: string): Promise<{ putBack: () => Promise<void> }> {
  const keys = (await redis.command('KEYS', `*:${tag}:page:*`)) as string[];
  expect(await copiesOf(redis, tag)).toHaveLength(1);
  const kept = `kept:${tag}`;
  for (const key of keys) await redis.command('COPY', key, `${kept}:${key}`, 'REPLACE');
  return {
    putBack: async () => {
      for (const key of keys) await redis.command('COPY', `${kept}:${key}`, key, 'REPLACE');
    },
  };
}

describe('a page that is put in the place of a newer one, by somebody who took long', () => {
  it.each([
    ['with messages', ['old']],
    ['empty', []],
  ])('does not serve: %s', async (_, before) => {
    const tag = newTag();
    for (const message of before) await say(message, tag);
    await untilCached(cluster, services.url(0), tag);
    const { putBack } = await takeCopies(tag);
    await say('new', tag, 1);
    for (const process of [0, 1]) {
      await putBack();
      expect(await shown(tag, process)).toEqual(['new', ...before]);
    }
  });
});

describe('a replica that lags', () => {
  it('leaves nothing old in the cache, for this process or another', async () => {
    const tag = newTag();
    await say('old', tag);
    await shard.untilReplayed();
    await shard.pauseReplay(shard.replica(0));
    try {
      await say('new', tag);
      for (const process of [1, 0, 1, 0]) {
        expect(await shown(tag, process)).toEqual(['new', 'old']);
      }
    } finally {
      await shard.resumeReplay(shard.replica(0));
    }
    await shard.untilReplayed();
    for (const process of [0, 1]) expect(await shown(tag, process)).toEqual(['new', 'old']);
  });
});

describe('what makes a page the same', () => {
  it('is what is asked for, not how the address is written', async () => {
    const tag = newTag();
    await say('once', tag);
    await untilCached(cluster, services.url(0), tag);
    const pages = watchPages(cluster);
    for (const path of [
      `/messages?limit=50&tag=${tag}`,
      `/messages?tag=${tag}`,
      `/messages?tag=${tag.toUpperCase()}&limit=50`,
      `/messages?tag=${tag}&limit=50&unknown=1`,
    ]) {
      const { status, body } = await get(services.url(0), path);
      expect({ path, status, body }).toMatchObject({ status: 200, body: [{ message: 'once' }] });
    }
    expect(pages.count()).toBe(0);
  });
});

describe('a service that starts while Redis is down', () => {
  it('serves from the database, and from the cache once that is there', async () => {
    await using late = await RedisServer.start();
    await late.kill('SIGKILL');
    await using service = await ServiceProcess.start(cluster.env({ REDIS_URL: late.url }));
    const tag = newTag();
    expect((await post(service.url, { message: 'x', tag })).status).toBe(201);
    expect((await get(service.url, pathOf(tag))).body).toMatchObject([{ message: 'x' }]);
    await late.restart();
    await untilCached(cluster, service.url, tag);
    expect(await copiesOf(late, tag)).toHaveLength(1);
  });
});
