import { readFileSync } from 'node:fs';
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

function expectProblem(answer: Answer, status: number, title: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body).toEqual({
    type: 'about:blank',
    title,
    status,
    detail: expect.any(String),
    instance: answer.headers.get('x-request-id'),
  });
}

describe('problem details (RFC 9457)', () => {
  it('for an unknown route', async () => {
    expectProblem(await get(service.url, '/nothing?x=1'), 404, 'Not Found');
  });

  it('for an unknown route with a body', async () => {
    expectProblem(await send(service.url, { path: '/nothing', body: '{}' }), 404, 'Not Found');
  });

  it.each(['{"message":', '{', '{"message":"a",}', '\u{feff}', ''])(
    'for the broken JSON %j',
    async (body) => {
      expectProblem(
        await send(service.url, { body: new TextEncoder().encode(body) }),
        400,
        'Bad Request',
      );
    },
  );

  it('for a body that is not UTF-8', async () => {
    const body = Buffer.from('{"message":"\xff","tag":"a"}', 'latin1');
    expectProblem(await send(service.url, { body }), 400, 'Bad Request');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense'])(
    'for the content type %s',
    async (type) => {
      const answer = await send(service.url, { body: '{}', headers: { 'content-type': type } });
      expectProblem(answer, 415, 'Unsupported Media Type');
    },
  );

  it('for a path whose escapes are broken', async () => {
    expectProblem(await get(service.url, '/messages/%zz'), 400, 'Bad Request');
  });

  it('for a part of a path, and a URL, that are too long', async () => {
    expectProblem(await get(service.url, `/messages/${'x'.repeat(101)}`), 414, 'URI Too Long');
    const query = `tag=a&more=${'x'.repeat(2_048)}`;
    expectProblem(await get(service.url, `/messages?${query}`), 414, 'URI Too Long');
    expectProblem(await get(service.url, `/nothing?${query}`), 414, 'URI Too Long');
  });

  it('for a body over 16 KiB', async () => {
    const body = JSON.stringify({ message: 'x'.repeat(16 * 1024), tag: 'a' });
    expectProblem(await send(service.url, { body }), 413, 'Payload Too Large');
  });

  it.each([
    ['DELETE', '/messages', 'GET, HEAD, POST'],
    ['PUT', '/messages', 'GET, HEAD, POST'],
    ['PATCH', '/messages/01930000-0000-7000-8000-000000000000', 'GET, HEAD'],
    ['POST', '/messages/01930000-0000-7000-8000-000000000000', 'GET, HEAD'],
    ['DELETE', '/openapi.json', 'GET, HEAD'],
  ])('for %s %s, with Allow', async (method, path, allow) => {
    const answer = await send(service.url, { method, path, body: 'no json' });
    expectProblem(answer, 405, 'Method Not Allowed');
    expect(answer.headers.get('allow')).toBe(allow);
  });
});

describe('X-Request-Id', () => {
  it('is taken over if it is well-formed', async () => {
    const answer = await get(service.url, '/nothing', { 'x-request-id': 'abc-123' });
    expect(answer.headers.get('x-request-id')).toBe('abc-123');
    expect(answer.body).toMatchObject({ instance: 'abc-123' });
  });

  it.each(['a b', 'x'.repeat(129), '{"a":1}'])('is made anew in the place of %j', async (id) => {
    const answer = await get(service.url, '/nothing', { 'x-request-id': id });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('traceresponse', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

  it("goes on with the caller's trace", async () => {
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const answer = await get(service.url, '/nothing', { traceparent });
    expect(answer.headers.get('traceresponse')).toMatch(
      new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`),
    );
  });

  it('tells of a new trace whoever sent one that is not well-formed', async () => {
    const traceparent = `00-${traceId}-0000000000000000-01`;
    const answer = await get(service.url, '/nothing', { traceparent });
    expect(answer.headers.get('traceresponse')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-02$/);
    expect(answer.headers.get('traceresponse')).not.toContain(traceId);
  });

  it('is not answered to who does not trace', async () => {
    const answer = await get(service.url, '/nothing');
    expect(answer.headers.get('traceresponse')).toBeNull();
  });
});

describe('headers that tell browsers what not to do', () => {
  it.each([
    ['a page', () => get(service.url, '/messages?tag=a')],
    ['a refused message', () => post(service.url, {})],
    ['a route that there is not', () => get(service.url, '/nothing')],
    ['a method that there is not', () => send(service.url, { method: 'PUT' })],
  ])('come with %s', async (_, ask) => {
    const { headers } = await ask();
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers.has('x-powered-by')).toBe(false);
  });
});

describe('OpenAPI', () => {
  it('is served as it is committed (npm run generate)', async () => {
    const { body } = await get(service.url, '/openapi.json');
    expect(body).toEqual(JSON.parse(readFileSync('openapi.json', 'utf8')));
  });

  it('has a page to try it from, that may load all that it is made of', async () => {
    const page = await get(service.url, '/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = String(page.body);
    expect(html).toContain('swagger-ui');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/);
    // Scripts of its own host alone, each in a file.
    const scripts = [...html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)];
    expect(scripts.map(([, , inline]) => inline?.trim())).toEqual(scripts.map(() => ''));
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => String(file));
    expect(files.filter((file) => file.endsWith('.js')).length).toBe(scripts.length);
    for (const file of files) {
      const { origin, pathname } = new URL(file, `${service.url}/docs`);
      expect([file, origin]).toEqual([file, service.url]);
      expect([file, (await get(service.url, pathname)).status]).toEqual([file, 200]);
    }
  });
});
