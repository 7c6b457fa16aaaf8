import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { migrate } from '../src/database/index.js';
import { TestDatabases } from './harness/databases.js';
import { get, post, send } from './harness/http.js';
import { Issuer } from './harness/issuer.js';
import { type LogLine, logLines } from './harness/log-lines.js';
import { ServiceProcess, type ServiceProcessOptions } from './harness/service-process.js';

const DEADLINE_MS = 20_000;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const COUNTS = '/aggregations/messages?group_by=day&from=2024-01-01&to=2024-01-31';

let databases: TestDatabases;
let issuer: Issuer;

beforeAll(async () => {
  databases = await TestDatabases.create();
  await migrate(databases.config().database, () => undefined);
  issuer = await Issuer.start();
});

afterAll(async () => {
  await issuer[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

function start(
  env: NodeJS.ProcessEnv = {},
  options: ServiceProcessOptions = {},
): Promise<ServiceProcess> {
  return ServiceProcess.start(databases.env({ LOG_LEVEL: 'info', ...env }), options);
}

function linesOf(service: ServiceProcess, id: string): LogLine[] {
  return logLines(service.output).filter(({ requestId }) => requestId === id);
}

/** The line of the request, once it is logged. */
function requestLine(service: ServiceProcess, id: string): Promise<LogLine> {
  return waitUntil(`the line of request ${id}`, DEADLINE_MS, async () =>
    linesOf(service, id).find(({ msg }) => msg === 'request'),
  );
}

/** Has inserts wait until `dispose`. */
async function holdInserts() {
  const clients = [0, 1].map((shard) => new Client(databases.primaryUrl(shard)));
  for (const client of clients) {
    await client.connect();
    await client.query('BEGIN; LOCK TABLE messages IN EXCLUSIVE MODE');
  }
  const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = 'messages'::regclass`;
  return {
    /** Resolves once an insert waits. */
    waiting: () =>
      waitUntil('an insert that waits', DEADLINE_MS, async () => {
        const found = await Promise.all(clients.map((client) => client.query(waiting)));
        return found.some(({ rowCount }) => rowCount === 1);
      }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

describe('the line of a request', () => {
  let service: ServiceProcess;

  beforeAll(async () => {
    service = await start(issuer.env({ TRUST_PROXY: '10.0.0.0/8,loopback' }));
  });

  afterAll(async () => {
    await service[Symbol.asyncDispose]();
  });

  it('says what was asked, what was answered, by whom, to whom, and how long it took', async () => {
    const { headers } = await post(service.url, { message: 'x', tag: 'logged' });
    const id = headers.get('x-request-id') ?? '';
    const line = await requestLine(service, id);
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      requestId: id,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      method: 'POST',
      route: '/messages',
      status: 201,
      durationMs: expect.any(Number),
      ip: '127.0.0.1',
      bytes: Number(headers.get('content-length')),
      source: 'primary',
      shard: expect.stringMatching(/^s[01]$/),
      msg: 'request',
    });
    expect(line['durationMs']).toBeGreaterThan(0);
  });

  it('has the id and the trace of the caller', async () => {
    await get(service.url, '/messages?tag=logged', {
      'x-request-id': 'my-request',
      traceparent: TRACEPARENT,
    });
    expect(await requestLine(service, 'my-request')).toMatchObject({
      traceId: TRACE,
      method: 'GET',
      route: '/messages',
      status: 200,
      source: expect.stringMatching(/^(replica|primary)$/),
      shard: expect.stringMatching(/^s[01]$/),
    });
  });

  it('has the template of the route, and the path beside it where that says more', async () => {
    const { body } = await post(service.url, { message: 'x', tag: 'by-id' });
    const path = `/messages/${(body as { id: string }).id}`;
    await get(service.url, `${path}?secret=sesame`, { 'x-request-id': 'by-id' });
    const line = await requestLine(service, 'by-id');
    expect(line).toMatchObject({ route: '/messages/:id', path, status: 200 });
    await get(service.url, `/nothing/${'x'.repeat(1_000)}?a=sesame`, { 'x-request-id': 'nothing' });
    expect(await requestLine(service, 'nothing')).toMatchObject({
      level: 'info',
      route: 'none',
      path: expect.stringMatching(/^\/nothing\/x{200,300}$/),
      status: 404,
    });
    expect(service.output).not.toContain('sesame');
  });

  it.each([
    ['a body that is refused', { method: 'POST', body: '{', headers: {} }, 400],
    ['a method that the path does not have', { method: 'DELETE' }, 405],
    ['a HEAD', { method: 'HEAD', path: '/messages?tag=logged' }, 200],
  ])('is there for %s, once', async (name, request, status) => {
    const id = name.replaceAll(' ', '-');
    const headers = { 'content-type': 'application/json', 'x-request-id': id };
    expect((await send(service.url, { ...request, headers })).status).toBe(status);
    expect(await requestLine(service, id)).toMatchObject({ level: 'info', status });
    expect(linesOf(service, id)).toHaveLength(1);
  });

  it('is there for a URL that the router refuses', async () => {
    const { status } = await get(service.url, '/messages/%zz', { 'x-request-id': 'malformed' });
    expect(await requestLine(service, 'malformed')).toMatchObject({
      level: 'info',
      route: 'none',
      path: '/messages/%zz',
      status,
    });
  });

  it('is there for a client that did not wait for its answer', async () => {
    await using inserts = await holdInserts();
    const request = httpRequest(`${service.url}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'impatient' },
    });
    request.on('error', () => undefined);
    request.end(JSON.stringify({ message: 'x', tag: 'impatient' }));
    await inserts.waiting();
    request.destroy();
    expect(await requestLine(service, 'impatient')).toMatchObject({
      level: 'info',
      status: 499,
      aborted: true,
    });
  });

  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['no address', '127.0.0.1'],
  ])('has of X-Forwarded-For "%s" what trusted proxies vouch for: %s', async (forwarded, ip) => {
    const id = `from-${forwarded.replaceAll(/[^\w.-]/g, '-')}`;
    await get(service.url, '/messages?tag=a', { 'x-forwarded-for': forwarded, 'x-request-id': id });
    expect(await requestLine(service, id)).toMatchObject({ ip });
  });

  it('comes beside what was logged while the request was handled, with the same id', async () => {
    const token = await issuer.token({ claims: { sub: 'auditor' } });
    const headers = {
      authorization: `Bearer ${token}`,
      cookie: 'session=sesame',
      'x-request-id': 'granted',
      traceparent: TRACEPARENT,
    };
    expect((await get(service.url, COUNTS, headers)).status).toBe(200);
    await requestLine(service, 'granted');
    expect(linesOf(service, 'granted')).toMatchObject([
      { msg: 'access granted', sub: 'auditor', traceId: TRACE },
      { msg: 'request', traceId: TRACE, route: '/aggregations/messages' },
    ]);
    const late = await issuer.token({ claims: { exp: 1 } });
    const refused = { authorization: `Bearer ${late}`, 'x-request-id': 'refused' };
    expect((await get(service.url, COUNTS, refused)).status).toBe(401);
    expect(await requestLine(service, 'refused')).toMatchObject({ level: 'info', status: 401 });
    expect(linesOf(service, 'refused')).toMatchObject([
      { level: 'warn', msg: expect.stringMatching(/^access refused/), fault: 'expired' },
      { msg: 'request' },
    ]);
    for (const secret of [token, late, 'sesame']) expect(service.output).not.toContain(secret);
  });

  it('is not there for those who watch the service', async () => {
    const { managementUrl } = service;
    expect((await get(managementUrl, '/health/live', { 'x-request-id': 'live' })).status).toBe(200);
    await get(service.url, '/messages?tag=a', { 'x-request-id': 'after-live' });
    await requestLine(service, 'after-live');
    expect(linesOf(service, 'live')).toEqual([]);
  });
});

it('a proxy is not believed unless it is trusted', async () => {
  await using service = await start();
  const headers = { 'x-forwarded-for': '203.0.113.7', 'x-request-id': 'claimed' };
  await get(service.url, '/messages?tag=a', headers);
  expect(await requestLine(service, 'claimed')).toMatchObject({ ip: '127.0.0.1' });
});

it('a number of proxies is believed as far as they go', async () => {
  await using service = await start({ TRUST_PROXY: '2' });
  const forwarded = '192.0.2.1, 203.0.113.7, 198.51.100.1';
  const headers = { 'x-forwarded-for': forwarded, 'x-request-id': 'claimed' };
  await get(service.url, '/messages?tag=a', headers);
  expect(await requestLine(service, 'claimed')).toMatchObject({ ip: '203.0.113.7' });
});

it('a 5xx is one line, an error with all that caused it, and no password', async () => {
  await using lost = await TestDatabases.create();
  await migrate(lost.config().database, () => undefined);
  const env = lost.env({
    LOG_LEVEL: 'debug',
    SHARD_S0_REPLICA_URLS: '',
    SHARD_S1_REPLICA_URLS: '',
  });
  await using service = await ServiceProcess.start(env);
  await lost[Symbol.asyncDispose]();
  const answer = await get(service.url, '/messages?tag=a', { 'x-request-id': 'lost' });
  expect(answer.status).toBe(503);
  const line = await requestLine(service, 'lost');
  expect(line).toMatchObject({
    level: 'error',
    status: 503,
    err: {
      type: 'UnavailableError',
      message: expect.stringMatching(/^shard s[01] cannot be reached$/),
      stack: expect.stringContaining('unavailable.js'),
      cause: { type: expect.any(String), stack: expect.any(String) },
    },
  });
  // The SQLSTATE of a database that is not there, or that ends connections to it.
  expect(JSON.stringify(line['err'])).toMatch(/3D000|57P01|ConnectionClosed|terminat/);
  expect(linesOf(service, 'lost')).toHaveLength(1);
  const password = new URL(lost.primaryUrl(0)).password;
  expect(password).not.toBe('');
  expect(service.output).not.toContain(password);
});

it('a batch names the requests that it carries at debug level, and only there', async () => {
  const ids = ['carried-1', 'carried-2', 'carried-3', 'carried-4'];
  const ask = (service: ServiceProcess) =>
    Promise.all(
      ids.map((id, index) =>
        get(service.url, `/messages?tag=batch${index}`, { 'x-request-id': id }),
      ),
    );
  await using service = await start({ LOG_LEVEL: 'debug' });
  await ask(service);
  await Promise.all(ids.map((id) => requestLine(service, id)));
  const batches = logLines(service.output).filter(({ msg }) => msg === 'batch');
  const pages = batches.filter(({ operation }) => operation === 'pages');
  expect(new Set(pages.flatMap(({ requestIds }) => requestIds))).toEqual(new Set(ids));
  expect(pages[0]).toMatchObject({
    level: 'debug',
    shard: expect.stringMatching(/^s[01]$/),
    role: expect.stringMatching(/^(replica|primary)$/),
    items: expect.any(Number),
    failed: false,
  });
  await using quiet = await start();
  await ask(quiet);
  await Promise.all(ids.map((id) => requestLine(quiet, id)));
  expect(quiet.output).not.toContain('"batch"');
});

describe('a stdout that takes no more', () => {
  /** Each with a line of some 250 bytes: together more than a pipe holds. */
  const REQUESTS = 1_500;
  const AT_ONCE = 50;

  async function ask(service: ServiceProcess): Promise<void> {
    for (let asked = 0; asked < REQUESTS; asked += AT_ONCE) {
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, () => get(service.url, '/messages?tag=unread')),
      );
      for (const { status } of answers) expect(status).toBe(200);
    }
    expect((await post(service.url, { message: 'x', tag: 'unread' })).status).toBe(201);
  }

  it('holds up no request while nobody reads, nor the end', async () => {
    await using service = await start({}, { unread: true });
    await ask(service);
    expect(service.output).toBe('');
    expect(await service.stop()).toBe(0);
  });

  it('gets every line, whole, once it is read again', async () => {
    await using service = await start({}, { unread: true });
    await ask(service);
    service.readStdout();
    expect(await service.stop()).toBe(0);
    const lines = logLines(service.output).filter(({ route }) => route === '/messages');
    expect(lines).toHaveLength(REQUESTS + 1);
  });

  it('is made so that it holds nobody up by logging alone, whatever else Node is used for', async () => {
    const url = pathToFileURL(join(process.cwd(), 'dist/logging/process-logs.js')).href;
    const script = `const { openLogs } = await import('${url}');
      const { logger } = await openLogs({ level: 'info', pretty: false });
      for (let line = 0; line < 10_000; line++) logger.info('x'.repeat(100));
      // Once what is under way has met a pipe that is full.
      setImmediate(() => setImmediate(() => process.exit(3)));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
    try {
      expect(await exited).toEqual([3, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('ends nothing when its reader is gone', async () => {
    await using service = await start();
    service.closeStdout();
    await ask(service);
    expect(await service.stop()).toBe(0);
  });
});

async function askWithoutWaiting(service: ServiceProcess): Promise<string[]> {
  const ids = Array.from({ length: 20 }, (_, index) => `last-${index}`);
  await Promise.all(
    ids.map((id) => get(service.url, '/messages?tag=last', { 'x-request-id': id })),
  );
  return ids;
}

describe('what was logged last is written', () => {
  it('when the service is asked to stop, that of the request that it waited for included', async () => {
    await using service = await start();
    const ids = await askWithoutWaiting(service);
    const inserts = await holdInserts();
    const last = send(service.url, {
      body: JSON.stringify({ message: 'x', tag: 'last' }),
      headers: { 'content-type': 'application/json', 'x-request-id': 'the-very-last' },
    });
    await inserts.waiting();
    await service.kill('SIGTERM');
    await waitUntil('the service to stop', DEADLINE_MS, async () => {
      const { status } = await get(service.managementUrl, '/health/ready');
      return status === 503;
    });
    await inserts[Symbol.asyncDispose]();
    expect((await last).status).toBe(201);
    expect(await service.ended()).toBe(0);
    for (const id of [...ids, 'the-very-last']) expect(linesOf(service, id)).toHaveLength(1);
  });

  it.each([
    ['SIGUSR2', 'an uncaught exception', { type: 'Error', message: 'out of order' }],
    ['SIGHUP', 'an unhandled rejection', { type: 'TypeError', message: 'nobody waits for this' }],
  ] as const)('when it crashes (%s), with %s as the last line', async (signal, what, err) => {
    const preload = 'test/harness/crash-on-signal.mjs';
    await using service = await start({}, { preload });
    const ids = await askWithoutWaiting(service);
    await service.kill(signal);
    expect(await service.ended()).toBe(1);
    for (const id of ids) expect(linesOf(service, id)).toHaveLength(1);
    expect(logLines(service.output).at(-1)).toMatchObject({
      level: 'fatal',
      msg: `ended by ${what}`,
      err: { ...err, stack: expect.stringContaining('crash-on-signal') },
    });
    expect(service.output).not.toContain('sesame');
  });
});

it('is for people to read where it is asked to be', async () => {
  await using service = await start({ LOG_PRETTY: 'true' });
  await get(service.url, '/messages?tag=a', { 'x-request-id': 'pretty' });
  await waitUntil('the request', DEADLINE_MS, async () => service.output.includes('pretty'));
  expect(service.output).toMatch(/INFO.*request/);
  expect(service.output).toMatch(/^ {4}requestId: "pretty"$/m);
});
