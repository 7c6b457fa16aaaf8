import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pickPort } from '../scripts/embedded-postgres/ports.js';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { readConfig } from '../src/config/index.js';
import { migrate } from '../src/database/index.js';
import type { RunningServer } from '../src/running-server.js';
import { startServer } from '../src/server.js';
import { TestDatabases } from './harness/databases.js';
import { FaultCluster } from './harness/fault-cluster.js';
import { get } from './harness/http.js';
import { RedisServer } from './harness/redis.js';

const DEADLINE_MS = 20_000;

interface Health {
  readonly status: string;
  readonly details: Record<string, { status: string; state?: string; since?: string }>;
}

let cluster: FaultCluster;
let redis: RedisServer;
let server: RunningServer;

beforeAll(async () => {
  cluster = await FaultCluster.start({ shards: 2, replicasPerShard: 1 });
  redis = await RedisServer.start();
  server = await startServer(readConfig(cluster.env({ REDIS_URL: redis.url })));
  await untilStatus('ok');
});

afterAll(async () => {
  await server.close();
  await redis[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

async function ask(probe: 'live' | 'startup' | 'ready', url = server.managementUrl) {
  const { status, body } = await get(url, `/health/${probe}`);
  return { status, body: body as Health };
}

function untilStatus(status: string) {
  return waitUntil(`health is ${status}`, DEADLINE_MS, async () => {
    const answer = await ask('ready');
    return answer.body.status === status && answer;
  });
}

/**
 * Until a part is in that state and the service is ready. Not at each look: a machine that stands
 * still for a moment misses the deadlines of all servers at once.
 */
async function untilReadyWith(name: string, state: 'up' | 'down'): Promise<Health> {
  return waitUntil(`ready with ${name} ${state}`, DEADLINE_MS, async () => {
    const { status, body } = await ask('ready');
    return status === 200 && body.details[name]?.state === state && body;
  });
}

describe('/health/ready', () => {
  it('names every part with its state, and since when it is so', async () => {
    const { status, body } = await ask('ready');
    expect(status).toBe(200);
    expect(body.details['service']).toMatchObject({ status: 'up', state: 'serving' });
    expect(body.details['storage']).toMatchObject({ readable: ['shard s0', 'shard s1'] });
    const servers = ['s0', 's1'].flatMap((shard) => [`${shard} primary`, `${shard} replica 0`]);
    for (const name of [...servers.map((each) => `shard ${each}`), 'redis']) {
      expect(body.details[name]).toMatchObject({ status: 'up', state: 'up' });
      expect(Date.parse(body.details[name]?.since ?? '')).toBeLessThanOrEqual(Date.now());
    }
  });

  it('stays 200 without a replica, and tells which', async () => {
    const shard = cluster.shard(0);
    const before = (await ask('ready')).body.details['shard s0 replica 0']?.since ?? '';
    await shard.kill(shard.replica(0));
    const { status, details } = await untilReadyWith('shard s0 replica 0', 'down');
    expect(status).toBe('degraded');
    expect(details['shard s0 replica 0']).toMatchObject({ reason: 'not answering' });
    expect(details['shard s0 primary']).toMatchObject({ state: 'up' });
    expect(details['shard s0 replica 0']?.since).not.toBe(before);
    await shard.start(shard.replica(0));
    await untilStatus('ok');
  });

  it('stays 200 with a primary that hangs, and answers all the same', async () => {
    const shard = cluster.shard(1);
    await shard.freeze(shard.primary);
    const { details } = await untilReadyWith('shard s1 primary', 'down');
    expect(details['storage']).toMatchObject({ status: 'up' });
    await shard.thaw(shard.primary);
    await untilStatus('ok');
  });

  it('stays 200 without Redis', async () => {
    await redis.kill('SIGKILL');
    await untilReadyWith('redis', 'down');
    await redis.restart();
    await untilStatus('ok');
  });

  it('is 503 when no shard can be read, and 200 as long as one can', async () => {
    const [first, second] = [cluster.shard(0), cluster.shard(1)];
    await first.freeze(first.replica(0));
    await first.freeze(first.primary);
    const half = await waitUntil('shard s0 cannot be read', DEADLINE_MS, async () => {
      const answer = await ask('ready');
      return answer.body.details['storage']?.status === 'degraded' && answer;
    });
    expect(half.status).toBe(200);
    expect(half.body.details['storage']).toMatchObject({
      readable: ['shard s1'],
      unreadable: ['shard s0'],
    });

    await second.freeze(second.replica(0));
    await second.freeze(second.primary);
    const { status, body } = await untilStatus('error');
    expect(status).toBe(503);
    expect(body.details['storage']).toMatchObject({ status: 'down' });
    // It did start, and a restart would not help.
    expect((await ask('startup')).status).toBe(200);
    expect((await ask('live')).status).toBe(200);

    for (const shard of [first, second]) {
      await shard.thaw(shard.replica(0));
      await shard.thaw(shard.primary);
    }
    await untilStatus('ok');
  });
});

describe('a start', () => {
  it('waits for databases to be migrated, and tells so', async () => {
    await using databases = await TestDatabases.create();
    const port = await pickPort();
    const config = databases.config({ MANAGEMENT_PORT: String(port), STARTUP_TIMEOUT: '1min' });
    const url = `http://127.0.0.1:${port}`;
    const starting = startServer(config);
    const waiting = await waitUntil('it waits for migrations', DEADLINE_MS, async () => {
      const answer = await ask('startup', url).catch(() => undefined);
      return JSON.stringify(answer ?? '').includes('Run npm run migrate') && answer;
    });
    expect(waiting.status).toBe(503);
    expect(waiting.body.details['service']).toMatchObject({ status: 'down', state: 'starting' });
    expect((await ask('ready', url)).status).toBe(503);
    expect((await ask('live', url)).status).toBe(200);
    await migrate(config.database, () => undefined);
    const started = await starting;
    expect((await ask('startup', url)).status).toBe(200);
    expect((await ask('ready', url)).status).toBe(200);
    await started.close();
  });

  it('waits for a primary that is down', async () => {
    const shard = cluster.shard(0);
    await shard.kill(shard.primary);
    const port = String(await pickPort());
    const env = cluster.env({ MANAGEMENT_PORT: port, STARTUP_TIMEOUT: '1min' });
    const starting = startServer(readConfig(env));
    await waitUntil('it waits for the primary', DEADLINE_MS, async () => {
      const answer = await ask('startup', `http://127.0.0.1:${port}`).catch(() => undefined);
      return JSON.stringify(answer ?? '').includes('Shard s0: its primary cannot be reached');
    });
    await shard.start(shard.primary);
    const started = await starting;
    expect((await ask('ready', started.managementUrl)).status).toBe(200);
    await started.close();
  });
});
