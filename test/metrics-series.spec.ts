import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, METHODS, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { scrape } from './harness/scrape.js';
import { startService, type TestService } from './harness/service.js';

const DURATION = 'http_server_request_duration_seconds';
const ROUNDS = 3;
const DEADLINE_MS = 20_000;

let service: TestService;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

beforeAll(async () => {
  service = await startService();
});

afterAll(async () => {
  agent.destroy();
  await service?.[Symbol.asyncDispose]();
});

/** Different at each call. */
const made = () => randomBytes(6).toString('hex');

/** Each kind of path, tag, body and header that there is, with values that were never sent before. */
const paths = () => [
  `/${made()}`,
  `/${made()}/${made()}?${made()}=${made()}`,
  `/messages?tag=${made()}`,
  `/messages?tag=${made()}&limit=${made()}`,
  `/messages?tag=${made()}&cursor=${randomUUID()}`,
  `/messages/${made()}`,
  `/messages/${randomUUID()}`,
  `/messages/${'x'.repeat(200)}${made()}`,
  `/messages/${made()}%ff`,
  `/aggregations/messages?tag=${made()}`,
  `/aggregations/tags?from=${made()}`,
  `/docs/${made()}`,
  `/metrics?${made()}`,
];

const bodies = () => [
  JSON.stringify({ message: made(), tag: made() }),
  JSON.stringify({ message: made() }),
  `{${made()}`,
  made().repeat(2_000),
];

/** What is no request: each is sent on a connection of its own. */
const malformed = () => [
  `${made()}\r\n\r\n`,
  `${made().toUpperCase()} / HTTP/1.1\r\nhost: a\r\n\r\n`,
  `GET /${made()} HTTP/9.9\r\nhost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\nhost: a\r\ncontent-length: ${made()}x\r\n\r\n`,
  `GET / HTTP/1.1\r\nhost: a\r\n${made()}: ${'x'.repeat(40_000)}\r\n\r\n`,
];

async function flood(): Promise<void> {
  const methods = METHODS.filter((method) => method !== 'CONNECT');
  const sent = methods.flatMap((method) => paths().map((path) => ask(method, path)));
  const posted = bodies().map((body) => ask('POST', '/messages', body));
  await Promise.all([...sent, ...posted, ...malformed().map(sendRaw)]);
}

/** Waits for the answer, whatever it is. */
async function ask(method: string, path: string, body?: string): Promise<void> {
  const headers = {
    [`x-${made()}`]: made(),
    'x-request-id': made(),
    'idempotency-key': `"${made()}"`,
    authorization: `Bearer ${made()}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const sent = request(`${service.url}${path}`, { method, headers, agent, signal });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
  response.resume();
  await once(response, 'end');
}

async function sendRaw(text: string): Promise<void> {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(text);
  await once(socket, 'close', { signal: AbortSignal.timeout(DEADLINE_MS) });
}

describe('whatever is sent', () => {
  it('the number of series does not grow', async () => {
    await flood();
    const first = await scrape(service);
    for (let round = 0; round < ROUNDS; round++) await flood();
    const last = await scrape(service);
    const count = `${DURATION}_count`;
    const unreadable = 'http_server_unreadable_requests_total';
    expect(last.value(count)).toBeGreaterThan(ROUNDS * (first.value(count) ?? Infinity));
    expect(last.value(unreadable)).toBe((ROUNDS + 1) * (first.value(unreadable) ?? Infinity));
    expect(ofClients(last.allSeries)).toEqual(ofClients(first.allSeries));
  });

  it('labels have values of the service alone', async () => {
    const told = await scrape(service);
    expect(told.labelValues(DURATION, 'method')).toEqual([
      'DELETE',
      'GET',
      'HEAD',
      'OPTIONS',
      'PATCH',
      'POST',
      'PUT',
      'TRACE',
      '_OTHER',
    ]);
    const routes = told
      .labelValues(DURATION, 'route')
      .filter((route) => !route.startsWith('/docs'));
    expect(routes).toEqual([
      '/aggregations/messages',
      '/aggregations/tags',
      '/messages',
      '/messages/:id',
      'none',
    ]);
    // Other methods of a path match nothing: there are thirty of them for each.
    expect(told.labelValues(DURATION, 'method', { route: '/messages' })).toEqual([
      'GET',
      'HEAD',
      'POST',
    ]);
    expect(told.labelValues(DURATION, 'status_class')).toEqual(['2xx', '4xx', '5xx']);
  });
});

/** What depends on the moment instead: which resources are open, what the collector did. */
function ofClients(series: readonly string[]): string[] {
  return series.filter((each) => !/^nodejs_(active_resources|gc_duration)/.test(each)).toSorted();
}
