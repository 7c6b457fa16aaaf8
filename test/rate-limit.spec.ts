import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { migrate } from '../src/database/index.js';
import { TestDatabases } from './harness/databases.js';
import { get, send } from './harness/http.js';
import { RedisServer } from './harness/redis.js';
import { scrape } from './harness/scrape.js';
import { ServiceProcesses } from './harness/service-processes.js';
import { startService } from './harness/service.js';

const DEADLINE_MS = 20_000;
const SHED = 'messages_requests_shed_total';
const MESSAGE = JSON.stringify({ message: 'x', tag: 'rate' });

interface Posted {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Record<string, unknown>;
}

/** Posts from an address of loopback: each of them is a client. */
function postFrom(client: string, url: string, body = MESSAGE): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const sent = request(`${url}/messages`, {
      method: 'POST',
      localAddress: client,
      headers,
      agent: false,
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    sent.once('error', reject);
    sent.once('response', (answer) => {
      text(answer).then(
        (json) =>
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers as Record<string, string | undefined>,
            body: JSON.parse(json) as Record<string, unknown>,
          }),
        reject,
      );
    });
    sent.end(body);
  });
}

async function statusesOf(posts: readonly (() => Promise<Posted>)[]): Promise<number[]> {
  const statuses: number[] = [];
  for (const send of posts) statuses.push((await send()).status);
  return statuses;
}

function remaining({ headers }: Posted): number {
  return Number(/^"post";r=(\d+);t=\d+$/.exec(headers['ratelimit'] ?? '')?.[1]);
}

describe('POST_RATE_LIMIT', () => {
  it('answers 429 to a client that posts more, and to nobody else', async () => {
    await using service = await startService({ POST_RATE_LIMIT: '3/min' });
    const { url } = service;
    const within = [];
    for (let count = 0; count < 3; count++) within.push(await postFrom('127.0.0.1', url));
    expect(within.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(within.map(remaining)).toEqual([2, 1, 0]);
    expect(within[0]?.headers['ratelimit-policy']).toBe('"post";q=3;w=60');
    // Before the body is read: what is wrong with it is not told.
    const refused = await postFrom('127.0.0.1', url, 'no JSON');
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers).toMatchObject({
      'content-type': expect.stringContaining('application/problem+json'),
      'ratelimit-policy': '"post";q=3;w=60',
      ratelimit: `"post";r=0;t=${seconds}`,
    });
    expect(refused.body).toEqual({
      type: 'about:blank',
      title: 'Too Many Requests',
      status: 429,
      detail: `At most 3 messages in 60 s. Try again in ${seconds} s.`,
      instance: refused.headers['x-request-id'],
    });
    expect((await scrape(service)).value(SHED, { reason: 'rate_limit' })).toBe(1);
    expect((await postFrom('127.0.0.2', url)).status).toBe(201);
    const page = await get(url, '/messages?tag=rate');
    expect([page.status, (page.body as unknown[]).length]).toEqual([200, 4]);
    expect(page.headers.get('ratelimit')).toBeNull();
  });

  it('takes an IPv6 /64 for one client, of whom a trusted proxy tells', async () => {
    await using service = await startService({ POST_RATE_LIMIT: '2/min', TRUST_PROXY: 'loopback' });
    const from = async (forwardedFor: string) => {
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': forwardedFor };
      return (await send(service.url, { body: MESSAGE, headers })).status;
    };
    expect(await from('2001:db8:1:2::1')).toBe(201);
    expect(await from('2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe(201);
    expect(await from('2001:db8:1:2::3')).toBe(429);
    // What comes before the address that the proxy has seen is the client's own claim.
    expect(await from('192.0.2.7, 2001:db8:1:2::4')).toBe(429);
    expect(await from('2001:db8:1:3::1')).toBe(201);
  });

  it('believes no claim about who asks where no proxy is trusted', async () => {
    await using service = await startService({ POST_RATE_LIMIT: '1/min' });
    const claim = async (address: string) => {
      const headers = { 'content-type': 'application/json', 'x-forwarded-for': address };
      return (await send(service.url, { body: MESSAGE, headers })).status;
    };
    expect([await claim('192.0.2.1'), await claim('192.0.2.2')]).toEqual([201, 429]);
  });

  it('lets a client post again once its window has ended', async () => {
    await using service = await startService({ POST_RATE_LIMIT: '1/1s' });
    const send = () => postFrom('127.0.0.1', service.url);
    await waitUntil('a refusal', DEADLINE_MS, async () => (await send()).status === 429);
    await waitUntil('a message', DEADLINE_MS, async () => (await send()).status === 201);
  });

  it('is no limit unless it is set', async () => {
    await using service = await startService();
    const posted = await postFrom('127.0.0.1', service.url);
    expect([posted.status, posted.headers['ratelimit']]).toEqual([201, undefined]);
  });
});

describe('POST_RATE_LIMIT with Redis', () => {
  const LIMIT = 5;
  let databases: TestDatabases;
  let redis: RedisServer;
  let service: ServiceProcesses;

  beforeAll(async () => {
    [databases, redis] = await Promise.all([TestDatabases.create(), RedisServer.start()]);
    const env = databases.env({
      REDIS_URL: redis.url,
      REDIS_TIMEOUT_MS: '500',
      POST_RATE_LIMIT: `${LIMIT}/h`,
    });
    await migrate(databases.config().database, () => undefined);
    service = await ServiceProcesses.start(2, env);
    await sharedCounting('127.0.1.1');
  });

  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    await redis.stop();
    await databases[Symbol.asyncDispose]();
  });

  const by = (process: number, client: string) => () => postFrom(client, service.url(process));

  /** Waits until both processes count in Redis. */
  async function sharedCounting(prefix: string): Promise<void> {
    let client = 0;
    await waitUntil('counting together', DEADLINE_MS, async () => {
      const address = `${prefix.replace(/\.\d+$/, '')}.${++client}`;
      await by(0, address)();
      return remaining(await by(1, address)()) === LIMIT - 2;
    });
  }

  async function scriptCalls(): Promise<number> {
    const stats = String(await redis.command('INFO', 'commandstats'));
    return Number(/^cmdstat_incr:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
  }

  it('is shared by the processes, and a flood of refusals does not reach Redis', async () => {
    const client = '127.0.2.1';
    const posts = [0, 1, 0, 1, 0, 1, 0].map((process) => by(process, client));
    expect(await statusesOf(posts)).toEqual([201, 201, 201, 201, 201, 429, 429]);
    const calls = await scriptCalls();
    expect(await statusesOf([...posts, ...posts])).toEqual(Array(14).fill(429));
    expect(await scriptCalls()).toBe(calls);
    expect(await redis.command('PTTL', `rate:post:${client}`)).toBeGreaterThan(0);
  });

  it('goes on in each process while Redis is gone, hangs, or has lost its counts', async () => {
    const client = '127.0.3.1';
    expect(await statusesOf([by(0, client), by(0, client)])).toEqual([201, 201]);
    await redis.kill('SIGSTOP');
    // From what it knew: two of five.
    expect(remaining(await by(0, client)())).toBe(2);
    expect(remaining(await by(1, client)())).toBe(4);
    await redis.kill('SIGKILL');
    const posts = Array.from({ length: 4 }, () => by(0, client));
    expect(await statusesOf(posts)).toEqual([201, 201, 429, 429]);
    await redis.restart();
    await sharedCounting('127.0.4.1');
    // Refused by the process that refused it before, until its window ends.
    expect((await by(0, client)()).status).toBe(429);
  });
});
