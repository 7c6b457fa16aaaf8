import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { migrate } from '../src/database/index.js';
import {
  openRedis,
  reasonOf,
  type ServerEvent,
  type RedisServers,
  RedisUnavailableError,
} from '../src/redis/index.js';
import { CertificateAuthority, type CertificateFiles } from './harness/certificates.js';
import { TestDatabases } from './harness/databases.js';
import { at, floorsProcess, isReady, knownFloor, Primary } from './harness/floors.js';
import { get, post } from './harness/http.js';
import { redisConfig, RedisServer } from './harness/redis.js';
import { ServiceProcess } from './harness/service-process.js';
import { SilentServer } from './harness/silent-server.js';

const DEADLINE_MS = 20_000;
const TIMEOUT_MS = 2_000;
const PASSWORD = 'p@ss/word:%1#';
const PERMISSIONS = '~messages:* ~rate:* +@read +@write +@scripting +@connection +info +time'.split(
  ' ',
);

let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let certificate: CertificateFiles;
let server: RedisServer;
const opened: RedisServers[] = [];

function open(env: NodeJS.ProcessEnv, timeoutMs = TIMEOUT_MS) {
  const events: ServerEvent[] = [];
  const servers = openRedis(redisConfig(env, timeoutMs), (event) => events.push(event));
  opened.push(servers);
  const lost = () => events.find((event) => event.kind === 'lost');
  return {
    connection: servers.at('any'),
    events,
    /** Why it cannot be reached, once that is known. */
    reason: async () => {
      const event = await waitUntil('the loss', DEADLINE_MS, lost);
      return event.kind === 'lost' ? reasonOf(event.error) : '';
    },
  };
}

beforeAll(async () => {
  authority = await CertificateAuthority.create();
  stranger = await CertificateAuthority.create();
  certificate = await authority.issue('redis', 'IP:127.0.0.1');
  server = await RedisServer.start({ requirepass: PASSWORD }, certificate);
});

afterEach(async () => {
  for (const servers of opened.splice(0)) await servers.close();
});

afterAll(async () => {
  await server.stop();
  await authority[Symbol.asyncDispose]();
  await stranger[Symbol.asyncDispose]();
});

describe('a Redis with TLS', () => {
  it('is reached by its authority, a certificate of the client, and the password', async () => {
    const { connection, events } = open(server.env);
    await isReady(connection);
    expect(await connection.run((client) => client.ping())).toBe('PONG');
    expect(events).toEqual([{ kind: 'ready' }]);
  });

  it('is used by a user who may do no more than the README says', async () => {
    await server.command('ACL', 'SETUSER', 'messages', 'on', '>of-its-own', ...PERMISSIONS);
    const env = {
      ...server.env,
      REDIS_URL: `rediss://127.0.0.1:${server.port}`,
      REDIS_USERNAME: 'messages',
      REDIS_PASSWORD: 'of-its-own',
    };
    const primary = new Primary();
    const user = { config: (timeoutMs: number) => redisConfig(env, timeoutMs) };
    await using writer = await floorsProcess(user);
    await using reader = await floorsProcess(user);
    await knownFloor(reader, primary, 'cats');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(20));
    expect([...writer.events, ...reader.events]).toEqual([]);
  });

  it('is not believed with a certificate of another authority, or for another name', async () => {
    const others = [
      open({ ...server.env, REDIS_CA_FILE: stranger.caFile }),
      open({ ...server.env, REDIS_URL: server.url.replace('127.0.0.1', 'localhost') }),
    ];
    const [unknown, misnamed] = await Promise.all(others.map(({ reason }) => reason()));
    expect(unknown).toMatch(/certificate/);
    expect(misnamed).toMatch(/altnames/);
    for (const { connection, events } of others) {
      await expect(connection.run((client) => client.ping())).rejects.toBeInstanceOf(
        RedisUnavailableError,
      );
      expect(events).toHaveLength(1);
    }
  });

  it('is not reached without TLS, nor by a client without a certificate', async () => {
    const { REDIS_URL, REDIS_CA_FILE } = server.env;
    const plain = open({ REDIS_URL: String(REDIS_URL).replace('rediss', 'redis') });
    const anonymous = open({ REDIS_URL, REDIS_CA_FILE });
    await Promise.all([plain.reason(), anonymous.reason()]);
    expect([plain.connection.serverId, anonymous.connection.serverId]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('never gives its password away, whatever fails', async () => {
    const { connection, events, reason } = open({
      ...server.env,
      REDIS_URL: `rediss://127.0.0.1:${server.port}`,
      REDIS_PASSWORD: 'guessed',
    });
    expect(await reason()).toContain('WRONGPASS');
    const failure: unknown = await connection
      .run((client) => client.ping())
      .catch((error: unknown) => error);
    expect(inspect([events, failure], { depth: 10 })).not.toContain('guessed');
  });

  it('fails in time when it hangs, and recovers', async () => {
    const { connection } = open(server.env, 100);
    await isReady(connection);
    await server.kill('SIGSTOP');
    await expect(connection.run((client) => client.ping())).rejects.toBeInstanceOf(
      RedisUnavailableError,
    );
    await server.kill('SIGCONT');
    await isReady(connection);
  });

  it('is given up where it falls silent before TLS begins', async () => {
    const silent = await SilentServer.start();
    try {
      open({ ...server.env, REDIS_URL: `rediss://127.0.0.1:${silent.port}` });
      await waitUntil('another attempt', DEADLINE_MS, () => silent.connections > 1);
    } finally {
      for (const servers of opened.splice(0)) await servers.close();
      await silent.stop();
    }
  });
});

describe('a service that Redis does not let in', () => {
  let databases: TestDatabases;

  beforeAll(async () => {
    databases = await TestDatabases.create();
    await migrate(databases.config().database, () => undefined);
  });

  afterAll(() => databases[Symbol.asyncDispose]());

  it.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    ['for its password', () => ({ REDIS_PASSWORD: 'guessed-secret' }), /WRONGPASS/],
    ['for its authority', () => ({ REDIS_CA_FILE: stranger.caFile }), /certificate/],
  ])('%s goes on without, and says so once', async (_, wrong, reason) => {
    const env = databases.env({
      ...server.env,
      REDIS_URL: `rediss://127.0.0.1:${server.port}`,
      REDIS_PASSWORD: PASSWORD,
      ...wrong(),
      LOG_LEVEL: 'info',
    });
    await using service = await ServiceProcess.start(env);
    for (const message of ['one', 'two', 'three']) {
      const { status, body } = await post(service.url, { message, tag: 'alone' });
      expect(status).toBe(201);
      const page = await get(service.url, '/messages?tag=alone');
      expect((page.body as unknown[])[0]).toEqual(body);
    }
    const said = service.output.split('\n').filter((line) => line.includes('cannot be reached'));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(reason);
    expect(said[0]).toContain(`127.0.0.1:${server.port}`);
    for (const secret of ['guessed-secret', PASSWORD, encodeURIComponent(PASSWORD)]) {
      expect(service.output).not.toContain(secret);
    }
  });
});
