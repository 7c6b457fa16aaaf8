import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { pickPort } from '../scripts/embedded-postgres/ports.js';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { migrate } from '../src/database/index.js';
import { TestDatabases } from './harness/databases.js';
import { get, post } from './harness/http.js';
import { ServiceProcess } from './harness/service-process.js';

const DEADLINE_MS = 20_000;

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.create();
  await migrate(databases.config().database, () => undefined);
});

afterAll(async () => {
  await databases[Symbol.asyncDispose]();
});

const start = (env: NodeJS.ProcessEnv = {}) => ServiceProcess.start(databases.env(env));

/** The status of a probe, or undefined if nobody answers. */
async function probe(service: ServiceProcess, name: 'live' | 'ready'): Promise<number | undefined> {
  const answer = await get(service.managementUrl, `/health/${name}`).catch(() => undefined);
  return answer?.status;
}

function untilUnready(service: ServiceProcess): Promise<unknown> {
  return waitUntil(
    'it is not ready',
    DEADLINE_MS,
    async () => (await probe(service, 'ready')) === 503,
  );
}

function untilItRefuses(service: ServiceProcess): Promise<unknown> {
  return waitUntil('it takes no connections', DEADLINE_MS, () =>
    get(service.url, '/messages?tag=a').then(
      () => false,
      () => true,
    ),
  );
}

/** Holds up every insert until it is let go. */
async function holdInserts(): Promise<{
  release: () => Promise<void>;
  untilOneWaits: () => Promise<unknown>;
}> {
  const clients = [0, 1].map(
    (shard) => new Client({ connectionString: databases.primaryUrl(shard) }),
  );
  for (const client of clients) {
    await client.connect();
    await client.query('BEGIN');
    await client.query('LOCK TABLE messages IN EXCLUSIVE MODE');
  }
  return {
    untilOneWaits: () =>
      waitUntil('an insert waits', DEADLINE_MS, async () => {
        const waiting = await Promise.all(
          clients.map((client) => client.query('SELECT FROM pg_locks WHERE NOT granted')),
        );
        return waiting.some(({ rowCount }) => rowCount === 1);
      }),
    release: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

/** A connection on which nothing has been asked yet. */
async function connection({ ports }: ServiceProcess): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: ports.http });
  await once(socket, 'connect');
  return socket;
}

/** Sends a GET that leaves the connection open, and waits for its answer. */
async function ask(socket: Socket): Promise<string> {
  socket.write('GET /messages?tag=a HTTP/1.1\r\nHost: a\r\n\r\n');
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

describe('a service that is asked to stop', () => {
  it('is not ready at once, and answers during the delay, telling clients to go', async () => {
    await using service = await start({ SHUTDOWN_DELAY: '2min', SHUTDOWN_TIMEOUT: '3min' });
    const kept = await connection(service);
    expect(await ask(kept)).toMatch(/^HTTP\/1.1 200 (?!.*connection: close)/is);
    expect(await probe(service, 'ready')).toBe(200);
    await service.kill('SIGTERM');
    await untilUnready(service);
    expect(await probe(service, 'live')).toBe(200);
    expect(await ask(kept)).toMatch(/^HTTP\/1.1 200 .*\r\nconnection: close\r\n/is);
    // Connections are still taken.
    const answer = await post(service.url, { message: 'late', tag: 'drain' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('connection')).toBe('close');
    // A second signal does not wait.
    await service.kill('SIGTERM');
    expect(await service.ended()).toBe(1);
  });

  it('finishes what is running, takes nothing new, and is asked for its health until then', async () => {
    await using service = await start();
    const held = await holdInserts();
    const running = post(service.url, { message: 'running', tag: 'drain' });
    await held.untilOneWaits();
    await service.kill('SIGTERM');
    await untilItRefuses(service);
    expect(await probe(service, 'ready')).toBe(503);
    expect(await probe(service, 'live')).toBe(200);
    await held.release();
    const answer = await running;
    expect(answer.status).toBe(201);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await service.ended()).toBe(0);
  });

  it('is not held up by connections on which nothing is asked', async () => {
    await using service = await start({ SHUTDOWN_TIMEOUT: '15s' });
    const [unused, kept, partial] = [
      await connection(service),
      await connection(service),
      await connection(service),
    ];
    await ask(kept);
    partial.write('GET /messages?tag=a HTTP/1.1\r\nHost:');
    const closed = [unused, kept].map((socket) => once(socket, 'close'));
    for (const socket of [unused, kept, partial]) socket.on('error', () => undefined).resume();
    expect(await service.stop()).toBe(0);
    await Promise.all(closed);
  });

  it('ends, and says what was still running, when that takes too long', async () => {
    await using service = await start({ SHUTDOWN_TIMEOUT: '500ms' });
    const held = await holdInserts();
    const running = post(service.url, { message: 'stuck', tag: 'drain' }).catch(() => undefined);
    await held.untilOneWaits();
    await service.kill('SIGTERM');
    expect(await service.ended()).toBe(1);
    expect(service.output).toContain(
      'not stopped within 0.5 s: requests that are still being answered: 1',
    );
    await held.release();
    await running;
  });
});

it('a service that waits for its databases stops when it is asked to', async () => {
  await using empty = await TestDatabases.create();
  const ports = { http: await pickPort(), management: await pickPort() };
  await using service = ServiceProcess.launch(empty.env({ STARTUP_TIMEOUT: '5min' }), { ports });
  await waitUntil('it waits', DEADLINE_MS, async () => (await probe(service, 'live')) === 200);
  expect(await service.stop()).toBe(0);
});
