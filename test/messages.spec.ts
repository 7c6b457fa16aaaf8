import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, get, post, send } from './harness/http.js';
import { startService, type TestService } from './harness/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startService();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

const list = (query: string) => get(service.url, `/messages?${query}`);
const posted = (message: unknown, tag: unknown) => post(service.url, { message, tag });

function expectInvalid(answer: Answer, field: string, detail: string): void {
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body).toMatchObject({
    type: 'about:blank',
    title: 'Bad Request',
    status: 400,
    instance: answer.headers.get('x-request-id'),
    errors: [{ pointer: `#/${field}`, detail: expect.stringContaining(detail) }],
  });
}

describe('POST /messages', () => {
  it('answers the message, where it is, and finds it there', async () => {
    const answer = await posted('Hello, world', 'Greetings');
    expect(answer.status).toBe(201);
    const { id, created_at: createdAt } = answer.body as Record<string, string>;
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      message: 'Hello, world',
      tag: 'greetings',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(parseInt(`${id}`.replace('-', '').slice(0, 12), 16)).toBe(Date.parse(`${createdAt}`));
    const location = answer.headers.get('location') ?? '';
    expect(location).toBe(`/messages/${id}`);
    const found = await get(service.url, location);
    expect(found.status).toBe(200);
    expect(found.body).toEqual(answer.body);
    expect(found.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  });

  it('makes one tag of NFC and NFD, of upper and lower case', async () => {
    await posted('composed', '#Café');
    await posted('decomposed', '#cafe\u0301');
    const page = await list(`tag=${encodeURIComponent('#CAFÉ')}`);
    expect(page.body).toMatchObject([
      { message: 'decomposed', tag: '#café' },
      { message: 'composed', tag: '#café' },
    ]);
  });

  it.each([
    ['140 code points of four bytes each', '😀'.repeat(140), 'long'],
    ['a tag of 32 bytes', 'x', 'é'.repeat(16)],
    ['right-to-left text and combining marks', 'שלום e\u0301\u0323 \u202eabc', 'rtl'],
    ['quotes, backslashes, SQL', `"\\'; DROP TABLE messages; --`, `'"\\`],
  ])('gives back unchanged: %s', async (_, message, tag) => {
    const answer = await posted(message, tag);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ message, tag });
    expect((await list(`tag=${encodeURIComponent(tag)}`)).body).toMatchObject([{ message, tag }]);
  });

  it.each([
    ['message', '😀'.repeat(141), 'ok', 'too long: 141 code points, at most 140'],
    ['tag', 'ok', `a${'é'.repeat(16)}`, 'too long: 33 bytes of UTF-8, at most 32'],
    ['message', '', 'ok', 'must not be empty'],
    ['tag', 'ok', '', 'must not be empty'],
    ['message', undefined, 'ok', 'is required'],
    ['tag', 'ok', undefined, 'is required'],
    ['message', null, 'ok', 'must be a string, not null'],
    ['message', 7, 'ok', 'must be a string, not a number'],
    ['tag', 'ok', ['a'], 'must be a string, not an array'],
    ['tag', 'ok', {}, 'must be a string, not an object'],
    ['message', 'a\0b', 'ok', 'control characters'],
    ['message', 'a\u0085b', 'ok', 'control characters'],
    ['tag', 'ok', 'a\nb', 'control characters'],
  ])('refuses, naming %s: %j under %j', async (field, message, tag, detail) => {
    expectInvalid(await posted(message, tag), field, detail);
  });

  it.each(['message', 'tag'])('refuses a lone surrogate in %s', async (field) => {
    const other = field === 'tag' ? 'message' : 'tag';
    const body = `{"${field}":"a\\ud800b","${other}":"ok"}`;
    expectInvalid(await send(service.url, { body }), field, 'lone surrogate');
  });

  it('names every field that is at fault', async () => {
    const { body } = await post(service.url, {});
    expect(body).toMatchObject({ errors: [{ pointer: '#/message' }, { pointer: '#/tag' }] });
  });

  it('ignores fields that it does not know, __proto__ among them', async () => {
    const body = '{"message":"x","tag":"unknown","id":"mine","__proto__":{"tag":"other"}}';
    const answer = await send(service.url, { body });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ tag: 'unknown' });
    expect(answer.body).not.toMatchObject({ id: 'mine' });
  });

  it.each(['[]', '"text"', 'null', '7'])('refuses the body %s', async (body) => {
    const answer = await send(service.url, { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer: '#' }] });
  });
});

describe('GET /messages', () => {
  it('answers an empty array for a tag without messages', async () => {
    const page = await list('tag=nobody');
    expect(page.status).toBe(200);
    expect(page.body).toEqual([]);
    expect(page.headers.get('link')).toBeNull();
  });

  it('visits every message once, newest first, following Link while others post', async () => {
    for (let n = 0; n < 25; n++) await posted(`${n}`, 'páges & more');
    const seen: string[] = [];
    let path: string | undefined = `/messages?limit=10&tag=${encodeURIComponent('páges & more')}`;
    while (path) {
      const page: Answer = await get(service.url, path);
      seen.push(...(page.body as { message: string }[]).map(({ message }) => message));
      await posted('later', 'páges & more');
      path = /^<(.*)>; rel="next"$/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `${24 - n}`));
  });

  it('offers no next page when the last message is on this one', async () => {
    for (let n = 0; n < 3; n++) await posted(`${n}`, 'exact');
    expect((await list('tag=exact&limit=3')).headers.get('link')).toBeNull();
    expect((await list('tag=exact&limit=2')).headers.get('link')).toContain('rel="next"');
  });

  it('answers 50 by default, and 500 for more than 500', async () => {
    await Promise.all(Array.from({ length: 520 }, (_, n) => posted(`${n}`, 'many')));
    expect((await list('tag=many')).body).toHaveLength(50);
    expect((await list('tag=many&limit=501')).body).toHaveLength(500);
    expect((await list('tag=many&limit=99999999999999999999')).body).toHaveLength(500);
  });

  it.each(['0', '-1', '1e3', 'abc', '', '1.5', '0x10'])('refuses limit=%s', async (limit) => {
    expectInvalid(await list(`tag=a&limit=${limit}`), 'limit', 'must be');
  });

  it.each([
    ['', 'tag', 'is required'],
    ['tag=', 'tag', 'must not be empty'],
    ['tag=a&tag=b', 'tag', 'not an array'],
    ['tag=%00', 'tag', 'control characters'],
    ['tag=a&offset=10', 'offset', 'Link'],
    ['tag=a&cursor=abc', 'cursor', 'is not a message id'],
    ['tag=a&limit=5&limit=6', 'limit', 'not an array'],
  ])('refuses ?%s, naming %s', async (query, field, detail) => {
    expectInvalid(await list(query), field, detail);
  });

  it('refuses a cursor from another tag', async () => {
    const { body } = await posted('x', 'elsewhere');
    const { id } = body as { id: string };
    expectInvalid(await list(`tag=here&cursor=${id}`), 'cursor', 'another tag');
  });
});

describe('GET /messages/{id}', () => {
  it('finds nothing under an id with a bucket bit flipped', async () => {
    const { id } = (await posted('x', 'flip')).body as { id: string };
    for (let bit = 0; bit < 12; bit++) {
      const bucket = parseInt(id.slice(-3), 16) ^ (1 << bit);
      const flipped = id.slice(0, -3) + bucket.toString(16).padStart(3, '0');
      const answer = await get(service.url, `/messages/${flipped}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  it.each(['abc', '%00', '00000000-0000-4000-8000-000000000000', "'%20OR%201=1"])(
    'finds nothing under %s',
    async (id) => {
      const answer = await get(service.url, `/messages/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ status: 404, title: 'Not Found' });
    },
  );
});

describe('the shards', () => {
  it('keep each tag on the one that has its bucket, and their replicas follow', async () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < 20; n++) {
      const tag = `spread-${n}`;
      await posted('x', tag);
      counts.set(tag, 0);
    }
    const sql = `SELECT tag, bucket FROM messages WHERE tag LIKE 'spread-%'`;
    const found = await Promise.all(
      [0, 1].map((shard) =>
        service.databases.onReplica<{ tag: string; bucket: number }>(shard, sql),
      ),
    );
    for (const [shard, rows] of found.entries()) {
      expect(rows.length).toBeGreaterThan(0);
      for (const { tag, bucket } of rows) {
        expect(Math.floor(bucket / 2048)).toBe(shard);
        counts.set(tag, (counts.get(tag) ?? 0) + 1);
      }
    }
    expect([...counts.values()]).toEqual(Array.from({ length: 20 }, () => 1));
  });

  it('refuse a row that stands in the wrong bucket, whatever way it comes in', async () => {
    const sql = `INSERT INTO messages (id, tag, message)
                 VALUES ('01930000-0000-7000-8000-000000000000', 'greetings', 'x')`;
    await expect(service.databases.onPrimary(0, sql)).rejects.toThrow(
      'messages_id_carries_bucket_of_tag',
    );
  });
});
