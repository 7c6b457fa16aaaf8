import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Registry } from 'prom-client';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import { Scrape } from '../../test/harness/scrape.js';
import {
  clientAddresses,
  enterRequestContext,
  ExchangeServers,
  watchUnreadable,
} from '../http/index.js';
import { RequestMetrics } from './request.metrics.js';

const COUNT = 'http_server_request_duration_seconds_count';
const UNREADABLE = 'http_server_unreadable_requests_total';
const IN_FLIGHT = 'http_server_requests_in_flight';
const WAIT_MS = 10_000;

describe(RequestMetrics, () => {
  const registry = new Registry();
  const servers = new ExchangeServers(clientAddresses(undefined));
  const fastify = new FastifyAdapter({
    serverFactory: servers.create,
    bodyLimit: 100,
    requestTimeout: 200,
    http: { headersTimeout: 200, connectionsCheckingInterval: 20, maxHeaderSize: 2_048 },
    forceCloseConnections: true,
  }).getInstance();
  /** Answers the requests to /slow. */
  let answerSlow: (() => void) | undefined;
  let before: Scrape;

  beforeAll(async () => {
    const metrics = new RequestMetrics(registry);
    servers.observe(metrics);
    enterRequestContext(fastify);
    watchUnreadable(fastify, servers, (reason) => metrics.unreadable(reason));
    fastify.get('/items/:id', async () => 'item');
    fastify.post('/items', async () => 'stored');
    fastify.get('/hooked', { onRequest: async (_, reply) => reply.status(503).send() }, () => '');
    fastify.get('/broken', async () => {
      throw new Error('broken');
    });
    fastify.get('/slow', () => new Promise((resolve) => (answerSlow = () => resolve('slow'))));
    await fastify.listen({ host: '127.0.0.1', port: 0 });
  });

  beforeEach(async () => {
    before = await scrape();
  });

  afterAll(() => fastify.close());

  const scrape = async () => new Scrape(await registry.metrics());

  /** Sends text as it is, and waits for the end of the connection. */
  async function sendRaw(text: string): Promise<string> {
    const socket = connect((fastify.server.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('error', () => undefined);
    socket.write(text);
    await once(socket, 'close', { signal: AbortSignal.timeout(WAIT_MS) });
    return answer;
  }

  const request = (line: string, ...headers: string[]) =>
    sendRaw(
      `${[`${line} HTTP/1.1`, 'host: a', 'connection: close', ...headers].join('\r\n')}\r\n\r\n`,
    );

  /** Waits for the one series of a counter that rose, and by one, since the test began. */
  async function expectRise(name: string, labels: Record<string, string>): Promise<void> {
    const rise = (after: Scrape, of: Record<string, string> = {}) =>
      (after.value(name, of) ?? 0) - (before.value(name, of) ?? 0);
    await waitUntil('the request to be counted', WAIT_MS, async () => rise(await scrape()) > 0);
    const after = await scrape();
    expect(rise(after, labels)).toBe(1);
    expect(rise(after)).toBe(1);
    expect(after.value(IN_FLIGHT)).toBe(0);
  }

  it.each([
    ['GET /items/17', 'GET', '/items/:id', '2xx'],
    ['HEAD /items/17', 'HEAD', '/items/:id', '2xx'],
    ['GET /items/17?tag=x', 'GET', '/items/:id', '2xx'],
    ['GET /broken', 'GET', '/broken', '5xx'],
    ['GET /hooked', 'GET', '/hooked', '5xx'],
    ['GET /nothing', 'GET', 'none', '4xx'],
    ['GET /items/%ff', 'GET', 'none', '4xx'],
    ['PROPFIND /nothing', '_OTHER', 'none', '4xx'],
  ])('%s counts as method %s, route %s, class %s', async (line, method, route, statusClass) => {
    await request(line);
    await expectRise(COUNT, { method, route, status_class: statusClass });
    expect((await scrape()).value(UNREADABLE)).toBe(before.value(UNREADABLE));
  });

  it('a body that is too large counts with its route', async () => {
    expect(await request('POST /items', 'content-type: text/plain', 'content-length: 101')).toMatch(
      / 413 /,
    );
    await expectRise(COUNT, { method: 'POST', route: '/items', status_class: '4xx' });
  });

  it('a body that does not come in time counts with its route', async () => {
    const head = 'POST /items HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n';
    expect(await sendRaw(`${head}content-type: text/plain\r\n\r\n`)).toMatch(/^HTTP.1.1 408 /);
    await expectRise(COUNT, { method: 'POST', route: '/items', status_class: '4xx' });
    expect((await scrape()).value(UNREADABLE)).toBe(before.value(UNREADABLE));
  });

  it('one that was answered before its body came counts once', async () => {
    const head = 'POST /items HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n';
    expect(await sendRaw(`${head}content-type: nonsense\r\n\r\n`)).toMatch(/^HTTP.1.1 415 /);
    await expectRise(COUNT, { method: 'POST', route: '/items', status_class: '4xx' });
    expect((await scrape()).value(UNREADABLE)).toBe(before.value(UNREADABLE));
  });

  it('a client that goes away is no success, and no longer in flight', async () => {
    const socket = connect((fastify.server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n');
    await waitUntil('the request', WAIT_MS, () => answerSlow !== undefined);
    expect((await scrape()).value(IN_FLIGHT)).toBe(1);
    socket.destroy();
    await expectRise(COUNT, { method: 'GET', route: '/slow', status_class: '4xx' });
    answerSlow?.();
  });

  it.each([
    ['malformed', 'nonsense\r\n\r\n'],
    ['malformed', 'GET /items/17 HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n'],
    ['headers_too_large', `GET /items/17 HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(4_096)}\r\n\r\n`],
    ['timeout', 'GET /items/17 HTTP/1.1\r\nhost: a\r\n'],
  ])('what is no request counts by reason: %s', async (reason, text) => {
    await sendRaw(text);
    await expectRise(UNREADABLE, { reason });
    expect((await scrape()).value(COUNT)).toBe(before.value(COUNT));
  });

  it('a route has its errors as zero from its first request on', async () => {
    await request('GET /items/17');
    const labels = { method: 'GET', route: '/items/:id', status_class: '5xx' };
    expect((await scrape()).value(COUNT, labels)).toBe(0);
  });
});
