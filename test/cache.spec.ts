import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { bucketOfTag } from '../src/messages/bucket.js';
import { derivedMessageId } from '../src/messages/message-id.js';
import { CachedServices } from './harness/cached-services.js';
import { get, post, send } from './harness/http.js';
import { bytesSentBy, copiesOf, pathOf, untilCached, watchPages } from './harness/page-copies.js';
import { scrape } from './harness/scrape.js';

const DEADLINE_MS = 30_000;

let cached: CachedServices;
let { cluster, redis, services } = {} as CachedServices;

beforeAll(async () => {
  // What is looked at here is what stands in Redis.
  cached = await CachedServices.start({ CACHE_NEAR_MEMORY_MB: '0', LOG_LEVEL: 'info' }, 2);
  ({ cluster, redis, services } = cached);
});

afterAll(() => cached[Symbol.asyncDispose]());

let tagCount = 0;
const newTag = () => `cache-${++tagCount}`;

async function oldMessages(tag: string, count: number): Promise<string[]> {
  const bucket = bucketOfTag(tag);
  const ids = Array.from({ length: count }, (_, n) =>
    derivedMessageId(bucket, new Date(Date.UTC(2024, 0, 1) + n * 1_000), tag, `old ${n}`),
  );
  const shard = cluster.shardOf(tag);
  const values = ids.map((id, n) => `('${id}', '${tag}', 'old ${n}')`).join(',');
  await shard.query(
    shard.primary,
    `INSERT INTO messages (id, tag, message) VALUES ${values} ON CONFLICT DO NOTHING`,
  );
  await shard.untilReplayed();
  return ids;
}

/** Messages that the second process has answered from copies. */
async function messageHits(): Promise<number> {
  const process = services.all[1];
  if (!process) throw new Error('there is no second process');
  const labels = { kind: 'message', outcome: 'hit' };
  return (await scrape(process)).value('messages_cache_lookups_total', labels) ?? 0;
}

describe('a page that is cached', () => {
  it('is answered by both processes without PostgreSQL, with the same bytes and headers', async () => {
    const tag = newTag();
    await post(services.url(0), { message: 'once', tag });
    await untilCached(cluster, services.url(0), tag);
    const [first, second] = [
      await get(services.url(0), pathOf(tag)),
      await get(services.url(1), pathOf(tag)),
    ];
    const pages = watchPages(cluster);
    for (let n = 0; n < 20; n++) {
      const again = await get(services.url(n % 2), pathOf(tag));
      expect(again.body).toEqual(first.body);
      expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    }
    expect(pages.count()).toBe(0);
    expect(second.body).toMatchObject([{ message: 'once' }]);
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it.each([0, 1])(
    'shows a message as soon as it was acknowledged, read through process %i',
    async (reader) => {
      const tag = newTag();
      for (let n = 0; n < 30; n++) {
        await get(services.url(reader), pathOf(tag));
        const { status } = await post(services.url(0), { message: `number ${n}`, tag });
        expect(status).toBe(201);
        const { body } = await get(services.url(reader), pathOf(tag));
        expect(body).toHaveLength(n + 1);
      }
    },
  );

  it('is empty for a tag that has no messages, until it has one', async () => {
    const tag = newTag();
    await untilCached(cluster, services.url(0), tag);
    expect((await get(services.url(1), pathOf(tag))).body).toEqual([]);
    await post(services.url(1), { message: 'the first', tag });
    expect((await get(services.url(0), pathOf(tag))).body).toHaveLength(1);
  });

  it.each([
    ['cut off', (value: Buffer) => value.subarray(0, -1)],
    ['cut off within its header', (value: Buffer) => value.subarray(0, 9)],
    ['empty', () => Buffer.alloc(0)],
    ['of another layout', () => Buffer.from('{"value":[]}')],
    [
      'changed at its end',
      (value: Buffer) => Buffer.concat([value.subarray(0, -2), Buffer.from('x]')]),
    ],
  ])('is a miss, and no error, when its copy in Redis is %s', async (_, spoil) => {
    const tag = newTag();
    await post(services.url(0), { message: 'whole', tag });
    await untilCached(cluster, services.url(0), tag);
    const [key = ''] = await copiesOf(redis, tag);
    const value = Buffer.from(String(await redis.command('GET', key)));
    await redis.command('SET', key, spoil(value).toString());
    const pages = watchPages(cluster);
    expect(await get(services.url(0), pathOf(tag))).toMatchObject({
      status: 200,
      body: [{ message: 'whole' }],
    });
    expect(pages.count()).toBeGreaterThan(0);
  });

  it('is a miss when what is under its key is the copy of another page, or no string', async () => {
    const [tag, other] = [newTag(), newTag()];
    for (const each of [tag, other]) {
      await post(services.url(0), { message: each, tag: each });
      await untilCached(cluster, services.url(0), each);
    }
    const [[key = ''], [otherKey = '']] = [
      await copiesOf(redis, tag),
      await copiesOf(redis, other),
    ];
    await redis.command('COPY', otherKey, key, 'REPLACE');
    expect((await get(services.url(0), pathOf(tag))).body).toMatchObject([{ message: tag }]);
    await redis.command('DEL', key);
    await redis.command('RPUSH', key, 'poison');
    expect((await get(services.url(0), pathOf(tag))).body).toMatchObject([{ message: tag }]);
  });

  it('has a key that nothing of a client reaches unescaped, and that names its version', async () => {
    const tag = 'a}b*c?:{d\u00e9 e';
    await post(services.url(0), { message: 'x', tag });
    await get(services.url(0), `/messages?tag=${encodeURIComponent(tag)}&limit=7`);
    await waitUntil(
      'the copy',
      DEADLINE_MS,
      async () => ((await redis.command('KEYS', '*:page:7:')) as string[]).length === 1,
    );
    const [key] = (await redis.command('KEYS', '*:page:7:')) as string[];
    expect(key).toMatch(/^messages:copy:\d+:\{[0-9a-f]{12}:\d+\}:[A-Za-z0-9%._~-]+:page:7:$/);
  });
});

describe('many requests for a page that has expired', () => {
  it('cost PostgreSQL a handful of statements', async () => {
    const tag = newTag();
    await post(services.url(0), { message: 'hot', tag });
    await untilCached(cluster, services.url(0), tag);
    await redis.command('DEL', ...(await copiesOf(redis, tag)));
    const pages = watchPages(cluster);
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => get(services.url(n % 2), pathOf(tag))),
    );
    for (const { status, body } of answers) {
      expect({ status, body }).toMatchObject({ status: 200, body: [{ message: 'hot' }] });
    }
    expect(pages.count()).toBeGreaterThan(0);
    expect(pages.count()).toBeLessThanOrEqual(10);
  });
});

describe('HTTP caching', () => {
  it('answers 304 to a client that has the page, until there is a new message', async () => {
    const tag = newTag();
    await post(services.url(0), { message: 'x', tag });
    const first = await get(services.url(0), pathOf(tag));
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]+"$/);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    expect(first.headers.get('vary')).toBe('Consistency-Token');
    const same = await get(services.url(1), pathOf(tag), { 'if-none-match': `W/${etag}, "other"` });
    expect(same).toMatchObject({ status: 304, body: '' });
    expect(same.headers.get('etag')).toBe(etag);
    expect(same.headers.get('cache-control')).toBe('no-cache');
    expect(same.headers.get('vary')).toBe('Consistency-Token');
    expect(same.headers.has('content-type')).toBe(false);
    await post(services.url(1), { message: 'y', tag });
    const other = await get(services.url(0), pathOf(tag), { 'if-none-match': etag });
    expect(other).toMatchObject({ status: 200, body: [{ message: 'y' }, { message: 'x' }] });
    expect(other.headers.get('etag')).not.toBe(etag);
  });

  it('fetches no page from Redis to say that nothing changed', async () => {
    const tag = newTag();
    const message = 'long '.repeat(28);
    for (let n = 0; n < 60; n++) await post(services.url(0), { message, tag });
    await untilCached(cluster, services.url(0), tag);
    const page = await get(services.url(0), pathOf(tag));
    const before = await bytesSentBy(redis);
    for (let n = 0; n < 20; n++) {
      const headers = { 'if-none-match': page.headers.get('etag') ?? '' };
      expect((await get(services.url(0), pathOf(tag), headers)).status).toBe(304);
    }
    // All that Redis has sent meanwhile, to anybody, is less than two pages.
    expect((await bytesSentBy(redis)) - before).toBeLessThan(2 * JSON.stringify(page.body).length);
  });

  it('calls full older pages immutable once nobody can store a message among theirs', async () => {
    const tag = newTag();
    const ids = await oldMessages(tag, 25);
    const older = `${pathOf(tag, 10)}&cursor=${ids[20]}`;
    const full = await get(services.url(0), older);
    expect(full.body).toHaveLength(10);
    expect(full.headers.get('cache-control')).toBe('public, max-age=86400, immutable');
    expect(full.headers.get('vary')).toBeNull();
    const pages = watchPages(cluster);
    await waitUntil('a copy of the older page', DEADLINE_MS, async () => {
      const before = pages.count();
      await get(services.url(1), older);
      return pages.count() === before;
    });
    // Not even a new message of the tag makes it another one.
    await post(services.url(0), { message: 'new', tag });
    const before = pages.count();
    expect((await get(services.url(1), older)).body).toEqual(full.body);
    expect(pages.count()).toBe(before);
    const last = await get(services.url(0), `${pathOf(tag, 10)}&cursor=${ids[5]}`);
    expect(last.body).toHaveLength(5);
    expect(last.headers.get('cache-control')).toBe('no-cache');
  });

  it('never calls a page immutable whose cursor is of a moment ago', async () => {
    const tag = newTag();
    for (let n = 0; n < 4; n++) await post(services.url(0), { message: `n ${n}`, tag });
    const first = await get(services.url(0), pathOf(tag, 1));
    const [, next = ''] = /<([^>]*)>/.exec(first.headers.get('link') ?? '') ?? [];
    const second = await get(services.url(0), next);
    expect(second.body).toMatchObject([{ message: 'n 2' }]);
    expect(second.headers.get('cache-control')).toBe('no-cache');
  });

  it('answers HEAD like GET, without a body', async () => {
    const tag = newTag();
    await post(services.url(0), { message: 'x', tag });
    const page = await get(services.url(0), pathOf(tag));
    const head = await send(services.url(0), { method: 'HEAD', path: pathOf(tag), headers: {} });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers.get('etag')).toBe(page.headers.get('etag'));
  });
});

describe('a single message', () => {
  it('is answered from Redis, and 304 to whoever has it', async () => {
    const posted = await post(services.url(0), { message: 'x', tag: newTag() });
    const { id } = posted.body as { id: string };
    const message = await get(services.url(0), `/messages/${id}`);
    expect(message.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    await waitUntil(
      'the copy',
      DEADLINE_MS,
      async () => ((await redis.command('KEYS', `*:message:${id}`)) as string[]).length === 1,
    );
    const before = await messageHits();
    expect((await get(services.url(1), `/messages/${id.toUpperCase()}`)).body).toEqual(
      message.body,
    );
    expect(await messageHits()).toBe(before + 1);
    const headers = { 'if-none-match': message.headers.get('etag') ?? '' };
    expect(await get(services.url(1), `/messages/${id}`, headers)).toMatchObject({
      status: 304,
      body: '',
    });
  });

  it('is remembered to be missing only if nobody can store it any more', async () => {
    const bucket = bucketOfTag('any');
    const [old, recent] = [new Date('2024-01-01'), new Date()].map((at) =>
      derivedMessageId(bucket, at, 'any', 'nobody posted this'),
    );
    for (const id of [old, recent]) {
      expect((await get(services.url(0), `/messages/${id}`)).status).toBe(404);
    }
    await waitUntil(
      'the note that it is missing',
      DEADLINE_MS,
      async () => ((await redis.command('KEYS', `*:message:${old}`)) as string[]).length === 1,
    );
    expect(await redis.command('KEYS', `*:message:${recent}`)).toEqual([]);
    expect(await get(services.url(1), `/messages/${old}`)).toMatchObject({
      status: 404,
      body: { detail: 'There is no message with this id.' },
    });
  });
});
