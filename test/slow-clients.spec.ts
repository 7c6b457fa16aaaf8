import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import type { TestDatabases } from './harness/databases.js';
import { get, post } from './harness/http.js';
import { startService, type TestService } from './harness/service.js';

const DEADLINE_MS = 20_000;
const DRIP_MS = 50;
/** More than a process serves at once, and fewer than it may have files open. */
const CLIENTS = 200;

let service: TestService;
/** Gives an answer little time. */
let impatient: TestService;
const clients: RawClient[] = [];

beforeAll(async () => {
  service = await startService({
    HTTP_HEADERS_TIMEOUT: '2s',
    HTTP_REQUEST_TIMEOUT: '3s',
    HTTP_KEEP_ALIVE_TIMEOUT: '500ms',
  });
  impatient = await startService({ HTTP_HANDLER_TIMEOUT: '500ms' });
});

afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await impatient[Symbol.asyncDispose]();
});

/** A socket that sends what it is told to, and keeps what comes back. */
class RawClient {
  received = '';
  private drip: NodeJS.Timeout | undefined;

  static async open({ url }: TestService = service): Promise<RawClient> {
    const client = new RawClient(connect(Number(new URL(url).port), '127.0.0.1'));
    clients.push(client);
    await once(client.socket, 'connect');
    return client;
  }

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => clearInterval(this.drip));
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** Sends a little again and again, for as long as it is let. */
  keepSending(text: string): this {
    this.drip = setInterval(() => this.socket.write(text), DRIP_MS);
    return this;
  }

  /** What came back, once the service has closed the connection. */
  async untilClosed(): Promise<string> {
    await waitUntil('the end of the connection', DEADLINE_MS, () => this.closed);
    return this.received;
  }

  end(): void {
    clearInterval(this.drip);
    this.socket.destroy();
  }
}

function open(count: number, begin: (client: RawClient) => void): Promise<RawClient[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const client = await RawClient.open();
      begin(client);
      return client;
    }),
  );
}

const POST_HEAD =
  'POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n';

/** Head and body of the only answer that came. */
function answerIn(received: string) {
  const [head = '', body = ''] = received.split('\r\n\r\n');
  return { head, problem: JSON.parse(body) as Record<string, unknown> };
}

function expectProblem(received: string, status: number): void {
  const { head, problem } = answerIn(received);
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toMatch(/^content-type: application\/problem\+json/im);
  expect(head).toMatch(/^connection: close/im);
  const id = /^x-request-id: (.+)$/im.exec(head)?.[1];
  expect(problem).toMatchObject({ type: 'about:blank', status, instance: id });
}

describe('slow clients', () => {
  it.each<[string, (client: RawClient) => void, number]>([
    ['never send anything', () => undefined, 408],
    ['stop in the headers', (client) => client.send('GET /messages?tag=a HTTP/1.1\r\n'), 408],
    [
      'send headers without end',
      (client) =>
        client.send('GET /messages?tag=a HTTP/1.1\r\nHost: x\r\n').keepSending('X: y\r\n'),
      408,
    ],
    ['send a body drop by drop', (client) => client.send(`${POST_HEAD}\r\n`).keepSending(' '), 408],
  ])('that %s keep nobody from an answer, and are cut off with one', async (_, begin, status) => {
    const slow = await open(CLIENTS, begin);
    const posted = await post(service.url, { message: 'in between', tag: 'slow' });
    expect(posted.status).toBe(201);
    expect((await get(service.url, '/messages?tag=slow&limit=1')).body).toEqual([posted.body]);
    // None was cut off to make room.
    expect(slow.filter(({ closed }) => closed)).toEqual([]);
    for (const client of slow) expectProblem(await client.untilClosed(), status);
  });

  it('that keep a connection without another request lose it', async () => {
    const client = await RawClient.open();
    client.send('GET /messages?tag=idle HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(await client.untilClosed()).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('get no answer of the service that they have not sent enough for', async () => {
    const client = await RawClient.open(impatient);
    client.send(`${POST_HEAD}\r\n`).keepSending(' ');
    expectProblem(await client.untilClosed(), 408);
  });
});

it('an answer that takes too long becomes 503 with Retry-After, and the next one comes', async () => {
  const { url, databases } = impatient;
  const message = { message: 'x', tag: 'stuck' };
  await withTableLocked(databases, async () => {
    const answer = await post(url, message);
    expect(answer).toMatchObject({
      status: 503,
      body: { detail: 'The answer took too long. Try again later.' },
    });
    expect(answer.headers.get('retry-after')).toBe('1');
  });
  await waitUntil('an answer', DEADLINE_MS, async () => (await post(url, message)).status === 201);
});

/** While `work` runs, no primary stores a message. */
async function withTableLocked(databases: TestDatabases, work: () => Promise<void>): Promise<void> {
  const lockers = [0, 1].map(
    (shard) => new Client({ connectionString: databases.primaryUrl(shard) }),
  );
  try {
    for (const locker of lockers) {
      await locker.connect();
      await locker.query('BEGIN; LOCK TABLE messages IN EXCLUSIVE MODE');
    }
    await work();
  } finally {
    for (const locker of lockers) await locker.end();
  }
}

describe('what is not HTTP', () => {
  it.each([
    ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['a method that there is not', 'FETCH / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
    ['two lengths of one body', `${POST_HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['headers over 16 KiB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ])('is answered with a problem: %s', async (_, text, status) => {
    const client = (await RawClient.open()).send(text);
    expectProblem(await client.untilClosed(), status);
  });
});
