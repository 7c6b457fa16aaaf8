import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CachedServices } from './harness/cached-services.js';
import { get, post } from './harness/http.js';
import { bytesSentBy, pathOf, untilCached, watchPages } from './harness/page-copies.js';

let cached: CachedServices;
let { cluster, redis, services } = {} as CachedServices;

beforeAll(async () => {
  cached = await CachedServices.start();
  ({ cluster, redis, services } = cached);
});

afterAll(() => cached[Symbol.asyncDispose]());

/** Has both processes answer it from the cache, so that it is near to them. */
async function bringNear(tag: string): Promise<void> {
  for (const url of services.urls) await untilCached(cluster, url, tag);
}

const pageOf = async (tag: string, reader: number) => get(services.url(reader), pathOf(tag));

describe('a page that was answered from the cache a moment ago', () => {
  it('is not fetched from Redis again, nor read from PostgreSQL', async () => {
    const tag = 'near';
    const message = 'long '.repeat(28);
    for (let n = 0; n < 60; n++) await post(services.url(0), { message, tag });
    await bringNear(tag);
    const first = await pageOf(tag, 0);
    const size = JSON.stringify(first.body).length;
    const pages = watchPages(cluster);
    const before = await bytesSentBy(redis);
    const rounds = 50;
    for (let n = 0; n < rounds; n++) {
      const again = await pageOf(tag, 0);
      expect(again.body).toEqual(first.body);
      for (const name of ['etag', 'link', 'cache-control', 'vary', 'content-type']) {
        expect(again.headers.get(name)).toBe(first.headers.get(name));
      }
    }
    expect(pages.count()).toBe(0);
    // It is fetched again now and then, and somebody may have waited long in between.
    expect((await bytesSentBy(redis)) - before).toBeLessThan((rounds * size) / 2);
  });

  it.each([0, 1])(
    'shows a message as soon as another process has acknowledged it, read through process %i',
    async (reader) => {
      const tag = `near-${reader}`;
      for (let n = 0; n < 20; n++) {
        await bringNear(tag);
        const { status } = await post(services.url(1 - reader), { message: `number ${n}`, tag });
        expect(status).toBe(201);
        expect((await pageOf(tag, reader)).body).toHaveLength(n + 1);
      }
    },
  );

  it('is read anew once Redis has lost what it knew of it', async () => {
    const tag = 'near-flushed';
    await post(services.url(0), { message: 'first', tag });
    await bringNear(tag);
    await redis.command('FLUSHALL');
    const { status } = await post(services.url(0), { message: 'second', tag });
    expect(status).toBe(201);
    expect((await pageOf(tag, 1)).body).toMatchObject([
      { message: 'second' },
      { message: 'first' },
    ]);
  });

  it('is not sent to a caller that has it', async () => {
    const tag = 'near-known';
    await post(services.url(0), { message: 'x', tag });
    await bringNear(tag);
    const { headers } = await pageOf(tag, 0);
    const etag = headers.get('etag') ?? '';
    const ask = () => get(services.url(0), pathOf(tag), { 'if-none-match': etag });
    expect(await ask()).toMatchObject({ status: 304, body: '' });
    await post(services.url(1), { message: 'y', tag });
    expect(await ask()).toMatchObject({ status: 200, body: [{ message: 'y' }, { message: 'x' }] });
  });

  it('is not enough for a token that asks for more', async () => {
    const tag = 'near-token';
    await post(services.url(0), { message: 'x', tag });
    await bringNear(tag);
    const other = await post(services.url(1), { message: 'y', tag: 'near-token-other' });
    const pages = watchPages(cluster);
    const headers = { 'consistency-token': other.headers.get('consistency-token') ?? '' };
    const page = await get(services.url(0), pathOf(tag), headers);
    expect(page).toMatchObject({ status: 200, body: [{ message: 'x' }] });
    expect(pages.count()).toBe(1);
  });
});
