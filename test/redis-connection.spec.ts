import { connect as connectTo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { settlesWithin, waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { RedisConnection, type RedisEvent, RedisUnavailableError } from '../src/redis/index.js';
import { isReady } from './harness/floors.js';
import { redisConfig, RedisServer } from './harness/redis.js';
import { SilentServer } from './harness/silent-server.js';

const DEADLINE_MS = 20_000;

const servers: RedisServer[] = [];
const connections: RedisConnection[] = [];

async function startServer(settings?: Record<string, string>): Promise<RedisServer> {
  const server = await RedisServer.start(settings);
  servers.push(server);
  return server;
}

function connect(url: string, timeoutMs: number, onEvent?: (event: RedisEvent) => void) {
  const { nodes, cluster: _, ...options } = redisConfig({ REDIS_URL: url }, timeoutMs);
  return RedisConnection.open({ address: nodes[0], ...options }, onEvent);
}

function open(url: string, timeoutMs = 2_000) {
  const events: RedisEvent[] = [];
  const connection = connect(url, timeoutMs, (event) => events.push(event));
  connections.push(connection);
  return { connection, events };
}

const urlOf = ({ port }: SilentServer) => `redis://127.0.0.1:${port}`;

afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  for (const server of servers.splice(0)) await server.stop();
});

describe(RedisConnection.name, () => {
  it('runs commands once it is ready, with the password of its URL', async () => {
    const server = await startServer({ requirepass: 'p@ss/word:1' });
    const { connection, events } = open(server.url);
    let calls = 0;
    connection.onReady(() => calls++);
    const serverId = await isReady(connection);
    expect(await connection.run((client, id) => client.echo(id))).toBe(serverId);
    expect([calls, events]).toEqual([1, [{ kind: 'ready' }]]);
  });

  it('never gives its password away, whatever fails', async () => {
    const server = await startServer({ requirepass: 'right' });
    const { connection, events } = open(server.url.replace('right', 'guessed'));
    await waitUntil('the refusal', DEADLINE_MS, () => events.length > 0);
    const failure: unknown = await connection
      .run((client) => client.ping())
      .catch((e: unknown) => e);
    expect(failure).toBeInstanceOf(RedisUnavailableError);
    expect(inspect([events, failure], { depth: 10 })).toContain('WRONGPASS');
    expect(inspect([events, failure], { depth: 10 })).not.toContain('guessed');
  });

  it('opens at once where no server is, fails commands at once, and connects when there is one', async () => {
    const server = await startServer();
    await server.kill('SIGKILL');
    const { connection, events } = open(server.url);
    let sent = false;
    const command = connection.run(() => Promise.resolve((sent = true)));
    await expect(command).rejects.toBeInstanceOf(RedisUnavailableError);
    expect(sent).toBe(false);
    // Nor do those that go past it wait in node-redis.
    await expect(connection.client.ping()).rejects.toThrow('offline');
    await waitUntil('the first attempt', DEADLINE_MS, () => events.length > 0);
    await server.restart();
    await isReady(connection);
    expect(events.map(({ kind }) => kind)).toEqual(['lost', 'ready']);
  });

  it('tells a restarted server from the one before', async () => {
    const server = await startServer();
    const { connection } = open(server.url);
    const before = await isReady(connection);
    await server.restart();
    expect(await isReady(connection, before)).not.toBe(before);
  });

  it('fails commands of a server that hangs in time, then at once, and recovers with it', async () => {
    const server = await startServer();
    const { connection, events } = open(server.url, 100);
    const before = await isReady(connection);
    await server.kill('SIGSTOP');
    const inTime = connection.run((client) => client.ping());
    await expect(inTime).rejects.toBeInstanceOf(RedisUnavailableError);
    expect(connection.serverId).toBeUndefined();
    let sent = false;
    const atOnce = connection.run(() => Promise.resolve((sent = true)));
    await expect(atOnce).rejects.toBeInstanceOf(RedisUnavailableError);
    expect(sent).toBe(false);
    await server.kill('SIGCONT');
    expect(await isReady(connection)).toBe(before);
    expect(events.map(({ kind }) => kind)).toEqual(['ready', 'lost', 'ready']);
  });

  it('notices a server that hangs though nobody asks it anything', async () => {
    const server = await startServer();
    const { connection } = open(server.url, 100);
    await isReady(connection);
    await server.kill('SIGSTOP');
    await waitUntil('the loss', DEADLINE_MS, () => connection.serverId === undefined);
  });

  it('gives up a connection on which the server falls silent, also before it is ready', async () => {
    const silent = await SilentServer.start();
    try {
      const { events } = open(urlOf(silent));
      await waitUntil('another attempt', DEADLINE_MS, () => silent.connections > 1);
      expect(events.map(({ kind }) => kind)).toEqual(['lost']);
    } finally {
      for (const connection of connections.splice(0)) await connection.close();
      await silent.stop();
    }
  });

  it('does not take a replica for the server, not even one that was the master before', async () => {
    const [server, other] = [await startServer(), await startServer()];
    const { connection, events } = open(server.url);
    const before = await isReady(connection);
    await server.command('REPLICAOF', '127.0.0.1', String(other.port));
    await waitUntil('the loss', DEADLINE_MS, () => connection.serverId === undefined);
    expect(inspect(events, { depth: 10 })).toContain('no master');
    await server.command('REPLICAOF', 'NO', 'ONE');
    // The same process, but what it lost while it was a replica nobody knows.
    expect(await isReady(connection)).not.toBe(before);
  });

  it('closes while the server hangs, and fails what is under way', async () => {
    const server = await startServer();
    const { connection } = open(server.url, 60_000);
    await isReady(connection);
    await server.kill('SIGSTOP');
    const underWay = connection.run((client) => client.ping());
    const failed = expect(underWay).rejects.toBeInstanceOf(RedisUnavailableError);
    expect(await settlesWithin(connection.close(), DEADLINE_MS)).toBe(true);
    await failed;
    const after = connection.run((client) => client.ping());
    await expect(after).rejects.toBeInstanceOf(RedisUnavailableError);
  });

  it('makes no more attempts once it is closed', async () => {
    const server = await startServer();
    await server.kill('SIGKILL');
    const { connection, events } = open(server.url);
    await waitUntil('the first attempt', DEADLINE_MS, () => events.length > 0);
    await connection.close();
    expect(connection.client.isOpen).toBe(false);
  });

  it('leaves no connection behind, whenever it is closed', async () => {
    const silent = await SilentServer.start();
    try {
      for (const turns of [0, 1, 2, 5, 20]) {
        const connection = connect(urlOf(silent), 1_000);
        for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
        await connection.close();
      }
      // Once this one is taken, so are all before it.
      const last = connectTo(silent.port, '127.0.0.1');
      await waitUntil('the last connection', DEADLINE_MS, () => silent.has(last));
      await waitUntil('the end of all others', DEADLINE_MS, () => silent.open.size === 1);
      last.destroy();
    } finally {
      for (const connection of connections.splice(0)) await connection.close();
      await silent.stop();
    }
  });
});
