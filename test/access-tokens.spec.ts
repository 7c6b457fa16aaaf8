import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate } from '../src/database/index.js';
import { TestDatabases } from './harness/databases.js';
import { type Answer, get } from './harness/http.js';
import {
  AUDIENCE,
  Issuer,
  signingKey,
  type SigningKey,
  type TokenOptions,
} from './harness/issuer.js';
import { ServiceProcess } from './harness/service-process.js';
import { startService, type TestService } from './harness/service.js';

const PATH = '/aggregations/messages?group_by=day&from=2024-01-01&to=2024-01-31';
const SECRET = 'a secret of at least thirty-two characters';

let issuer: Issuer;
let service: TestService;

beforeAll(async () => {
  issuer = await Issuer.start();
});

afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
});

const ask = (token: string) => get(service.url, PATH, { authorization: `Bearer ${token}` });
const askWith = async (options?: TokenOptions) => ask(await issuer.token(options));
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

/** A token made by hand, of which nothing has to be right. */
const raw = (header: unknown, claims: unknown, signature = 'c2lnbmF0dXJl') =>
  [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat(signature)
    .join('.');

function expectRefused(answer: Answer, description: RegExp): void {
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toMatch(
    /^Bearer realm="aggregations", error="invalid_token", error_description="[^"\\]+"$/,
  );
  expect(answer.headers.get('www-authenticate')).toMatch(description);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.body).toMatchObject({ status: 401, detail: expect.stringMatching(description) });
}

function serveWith(env: () => NodeJS.ProcessEnv): void {
  beforeAll(async () => {
    service = await startService(env());
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
  });
}

describe('an access token by an issuer that publishes its keys', () => {
  serveWith(() => issuer.env({ JWT_CLOCK_SKEW: '30s' }));

  it("has the keys fetched as a part of the caller's trace", async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const answer = await get(service.url, PATH, {
      authorization: `Bearer ${await issuer.token()}`,
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      tracestate: 'vendor=1',
    });
    expect(answer.status).toBe(200);
    expect(issuer.lastHeaders['traceparent']).toBe(answer.headers.get('traceresponse'));
    expect(issuer.lastHeaders['tracestate']).toBe('vendor=1');
  });

  it('opens the aggregations, and the answer is stored nowhere', async () => {
    const answer = await askWith();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ group_by: 'day', aggregates: [] });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each<[string, TokenOptions]>([
    ['of another type where any is accepted', { header: { typ: 'JWT' } }],
    ['without a type', { header: { typ: undefined } }],
    ['for several audiences', { claims: { aud: ['another', AUDIENCE] } }],
    ['expired within the skew', { claims: { exp: inSeconds(-10) } }],
    ['not valid yet, within the skew', { claims: { nbf: inSeconds(10) } }],
    ['that names no sub', { claims: { sub: undefined } }],
    ['with the key of another in its header', { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    ['with an address of keys in its header', { header: { jku: 'http://127.0.0.1:1/' } }],
  ])('is accepted: %s', async (_, options) => {
    expect((await askWith(options)).status).toBe(200);
  });

  it.each<[string, TokenOptions, RegExp]>([
    ['expired', { claims: { exp: inSeconds(-60) } }, /has expired/],
    ['without exp', { claims: { exp: undefined } }, /does not say when it expires/],
    ['not valid yet', { claims: { nbf: inSeconds(60) } }, /not valid yet/],
    ['by another issuer', { claims: { iss: 'https://other.test/' } }, /by another issuer/],
    ['by nobody', { claims: { iss: undefined } }, /by another issuer/],
    ['for another audience', { claims: { aud: 'other' } }, /for another audience/],
    ['for nobody', { claims: { aud: undefined } }, /for another audience/],
    ['with a sub that is no text', { claims: { sub: 7 } }, /sub of the token is no text/],
    ['with scopes that are no text', { claims: { scope: ['x'] } }, /scope of the access token/],
    ['of a type for something else', { header: { typ: 'logout+jwt' } }, /no access token/],
    ['with a key id that is a path', { header: { kid: '../../etc/passwd' } }, /does not publish/],
    ['with a key id that is SQL', { header: { kid: "' OR 1=1 --" } }, /does not publish/],
    ['with a key id that is no text', { header: { kid: { $ne: 1 } } }, /malformed/],
  ])('is refused: %s', async (_, options, description) => {
    expectRefused(await askWith(options), description);
  });

  it('is refused when it needs an extension that is not understood', async () => {
    const header = { alg: 'RS256', kid: issuer.key.kid, crit: ['exp'] };
    expectRefused(await ask(raw(header, {})), /needs what is not understood/);
  });

  it('is refused when it is signed by a key that is not published', async () => {
    const forged = await signingKey(issuer.key.kid);
    expectRefused(await askWith({ key: forged }), /signature/);
    const jwk = { header: { jwk: forged.jwk, jku: 'http://127.0.0.1:1/' }, key: forged };
    expectRefused(await askWith(jwk), /signature/);
  });

  it('is refused when it is signed in another way than its key is for', async () => {
    const { kid } = issuer.key;
    expectRefused(await ask(raw({ alg: 'none', kid }, {}, '')), /signed in another way/);
    const pem = new TextEncoder().encode(issuer.key.pem);
    const asSecret = { key: { alg: 'HS256', privateKey: pem }, header: { kid } };
    expectRefused(await askWith(asSecret), /signed in another way/);
    const other = await signingKey(kid, 'PS256');
    expectRefused(await askWith({ key: other }), /signed in another way/);
    const curve = await signingKey(kid, 'ES256');
    expectRefused(await askWith({ key: curve }), /signed in another way/);
  });

  it.each([
    ['no parts', 'token'],
    ['two parts', 'a.b'],
    ['no JSON', 'a.b.c'],
    ['other characters', 'a.b.c=%00'],
    ['two tokens', 'a.b.c d.e.f'],
    ['nothing', ''],
    ['a header that is no object', raw([], {})],
    ['an algorithm that is no text', raw({ alg: 7 }, {})],
    ['five parts', 'a.b.c.d.e'],
  ])('is refused when it is malformed: %s', async (_, token) => {
    expectRefused(await ask(token), /malformed/);
  });

  it('is refused when it is too long', async () => {
    expectRefused(await askWith({ claims: { padding: 'x'.repeat(7_000) } }), /too long/);
    const huge = await get(service.url, PATH, { authorization: `Bearer ${'x'.repeat(1e6)}` }).then(
      ({ status }) => status,
      () => 'refused',
    );
    expect([431, 'refused']).toContain(huge);
    expect((await askWith()).status).toBe(200);
  });

  it('is asked for with a bare challenge when there is none', async () => {
    const none: Record<string, string> = {};
    for (const headers of [none, { authorization: 'Basic dXNlcjpwYXNz' }]) {
      const answer = await get(service.url, PATH, headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="aggregations"');
    }
    const inQuery = await get(service.url, `${PATH}&access_token=${await issuer.token()}`);
    expect(inQuery.status).toBe(401);
  });

  it.each([undefined, '', 'openid', 'aggregations:read:all', 'aggregations:write'])(
    'needs the scope, which %p is not',
    async (scope) => {
      const answer = await askWith({ claims: { scope } });
      expect(answer.status).toBe(403);
      expect(answer.headers.get('www-authenticate')).toBe(
        'Bearer realm="aggregations", error="insufficient_scope", scope="aggregations:read"',
      );
    },
  );

  it('is looked at before the question is', async () => {
    expect((await get(service.url, '/aggregations/messages')).status).toBe(401);
  });
});

describe('the keys of an issuer', () => {
  serveWith(() => issuer.env());

  afterEach(() => {
    issuer.recover();
    issuer.publish(issuer.key);
  });

  it('are asked for once, and anew for a key that is new', async () => {
    const before = issuer.requests;
    for (let i = 0; i < 5; i++) expect((await askWith()).status).toBe(200);
    expect(issuer.requests - before).toBe(1);
    const second = await signingKey('second', 'ES256');
    issuer.publish(issuer.key, second);
    expect((await askWith({ key: second })).status).toBe(200);
    expect((await askWith()).status).toBe(200);
    expect(issuer.requests - before).toBe(2);
  });

  it('are 503 with Retry-After when they cannot be had, and known ones go on', async () => {
    const unknown = await signingKey('third');
    const failures: Parameters<Issuer['fail']>[0][] = [
      (response) => response.writeHead(500).end('out of order'),
      (response) => response.end('{"keys":'),
      (response) => response.end('{"keys":7}'),
      (response) => response.writeHead(302, { location: issuer.jwksUrl }).end(),
      (response) => response.destroy(),
    ];
    for (const failure of failures) {
      issuer.fail(failure);
      const answer = await askWith({ key: unknown });
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(answer.headers.get('www-authenticate')).toBeNull();
      expect(answer.body).toMatchObject({
        detail: expect.stringContaining('issuer of access tokens'),
      });
      expect((await askWith()).status).toBe(200);
    }
  });
});

describe('an issuer that does not answer, or is flooded', () => {
  serveWith(() => issuer.env());

  it('is given up after a while', async () => {
    issuer.fail(() => undefined);
    expect((await askWith()).status).toBe(503);
    issuer.recover();
  });

  it('is not asked for each key id that is made up, and good keys go on', async () => {
    expect((await askWith()).status).toBe(200);
    const before = issuer.requests;
    const flood = Array.from({ length: 60 }, (_, n) =>
      askWith({ header: { kid: `made-up-${n}` } }),
    );
    for (const answer of await Promise.all(flood)) {
      expectRefused(answer, /does not publish/);
    }
    expect(issuer.requests - before).toBeLessThanOrEqual(10);
    // Known, but not to this service before the flood.
    expect((await askWith({ header: { kid: undefined } })).status).toBe(200);
    expect((await askWith()).status).toBe(200);
  });
});

describe('the log', () => {
  it('says who asked for what, or was refused why, and never shows a token', async () => {
    await using databases = await TestDatabases.create();
    await migrate(databases.config().database, () => undefined);
    const env = databases.env(issuer.env({ LOG_LEVEL: 'info' }));
    await using process = await ServiceProcess.start(env);
    const good = await issuer.token({ claims: { sub: 'alice' } });
    const bad = await issuer.token({ claims: { sub: 'mallory', exp: inSeconds(-600) } });
    const narrow = await issuer.token({ claims: { sub: 'bob', scope: 'other' } });
    for (const token of [good, bad, narrow]) {
      await get(process.url, PATH, { authorization: `Bearer ${token}` });
    }
    await process.stop();
    const lines = process.output
      .split('\n')
      .filter((line) => line.includes('"access '))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { sub: 'alice', url: PATH, method: 'GET', msg: 'access granted' },
      { fault: 'expired', url: PATH, msg: expect.stringContaining('refused') },
      { sub: 'bob', scope: 'aggregations:read', msg: expect.stringContaining('refused') },
    ]);
    for (const token of [good, bad, narrow]) {
      expect(process.output).not.toContain(token.split('.')[2]);
    }
  });
});

describe('where only access tokens are accepted', () => {
  serveWith(() => issuer.env({ JWT_ACCESS_TOKENS_ONLY: 'true' }));

  it('an ID token is refused', async () => {
    expect((await askWith({ header: { typ: 'application/at+JWT' } })).status).toBe(200);
    expectRefused(await askWith({ header: { typ: 'JWT' } }), /no access token/);
    expectRefused(await askWith({ header: { typ: undefined } }), /no access token/);
  });
});

describe('a public key instead of an address of keys', () => {
  let key: SigningKey;

  beforeAll(async () => {
    key = await signingKey('any', 'ES384');
  });
  serveWith(() =>
    issuer.env({ JWT_JWKS_URL: undefined, JWT_PUBLIC_KEY: key.pem.replaceAll('\n', '\\n') }),
  );

  it('verifies tokens, of its own algorithm alone', async () => {
    expect((await askWith({ key })).status).toBe(200);
    expect((await askWith({ key, header: { kid: 'whatever' } })).status).toBe(200);
    const forged = await signingKey('any', 'ES384');
    expectRefused(await askWith({ key: forged }), /signature/);
    expectRefused(await askWith(), /signed in another way/);
    const asSecret = { alg: 'HS256', privateKey: new TextEncoder().encode(key.pem) };
    expectRefused(await askWith({ key: asSecret }), /signed in another way/);
  });
});

describe('a secret for development', () => {
  serveWith(() => ({ JWT_DEVELOPMENT_SECRET: SECRET }));

  it('verifies tokens, of HS256 alone', async () => {
    const claims = { iss: 'messages-development', aud: 'messages' };
    const signedBy = (secret: string, alg = 'HS256') =>
      askWith({ claims, key: { alg, privateKey: new TextEncoder().encode(secret) } });
    expect((await signedBy(SECRET)).status).toBe(200);
    expectRefused(await signedBy(`${SECRET}!`), /signature/);
    expectRefused(await signedBy(SECRET.repeat(2), 'HS512'), /signed in another way/);
    expectRefused(await ask(raw({ alg: 'none' }, claims, '')), /signed in another way/);
  });
});

describe('without any key of an issuer', () => {
  serveWith(() => ({}));

  it('nobody is let in', async () => {
    expectRefused(await askWith(), /No issuer/);
    expect((await get(service.url, '/messages?tag=open')).status).toBe(200);
  });
});
