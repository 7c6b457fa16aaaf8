import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pickPort } from '../scripts/embedded-postgres/ports.js';
import { HaProxy } from '../scripts/haproxy.js';
import { migrate } from '../src/database/index.js';
import { TestDatabases } from './harness/databases.js';
import { checkHistory } from './harness/history.js';
import { HistoryClient } from './harness/history-client.js';
import { walkAll, whileDoing } from './harness/load.js';
import { RedisServer } from './harness/redis.js';
import { type ServicePorts, ServiceProcess } from './harness/service-process.js';

const DEADLINE_MS = 30_000;
const TEST_MS = 120_000;
const CLIENTS = 16;
const TAGS = Array.from({ length: 20 }, (_, index) => `rolling-${index}`);

async function pickPorts(): Promise<ServicePorts> {
  return { http: await pickPort(), management: await pickPort() };
}

let databases: TestDatabases;
let redis: RedisServer;

beforeAll(async () => {
  databases = await TestDatabases.create();
  await migrate(databases.config().database, () => undefined);
  redis = await RedisServer.start();
});

afterAll(async () => {
  await redis.stop();
  await databases[Symbol.asyncDispose]();
});

describe('processes behind a load balancer', () => {
  it(
    'are restarted in turn without one failed request',
    async () => {
      const env = databases.env({
        REDIS_URL: redis.url,
        // A machine that is busy must not count as a Redis that fails.
        REDIS_TIMEOUT_MS: '5000',
        SHUTDOWN_DELAY: '1s',
      });
      const ports = [await pickPorts(), await pickPorts()];
      const launch = (each: ServicePorts) => ServiceProcess.start(env, { ports: each });
      const processes = await Promise.all(ports.map(launch));
      try {
        await using proxy = await HaProxy.start(ports);
        await proxy.untilAllUp(DEADLINE_MS);
        const client = new HistoryClient();
        const request = async () => {
          const tag = TAGS[randomInt(TAGS.length)] as string;
          await client.post(proxy.url, tag);
          await client.page(proxy.url, tag, 20);
        };
        const exits: (number | null)[] = [];
        const requests: number[] = [];
        await whileDoing(CLIENTS, request, async () => {
          for (const [index, process] of processes.entries()) {
            requests.push(client.requests);
            exits.push(await process.stop());
            processes[index] = await launch(process.ports);
            await proxy.untilAllUp(DEADLINE_MS);
          }
          requests.push(client.requests);
        });
        await walkAll(client, [proxy.url], TAGS);
        expect(client.failures).toEqual([]);
        expect(exits).toEqual([0, 0]);
        expect(checkHistory(client.events)).toEqual([]);
        // Nothing was repaired on the way.
        expect(await proxy.counts()).toEqual({ connectErrors: 0, responseErrors: 0, retries: 0 });
        // Clients went on all the while.
        const [before = 0, between = 0, after = 0] = requests;
        expect(between - before).toBeGreaterThan(CLIENTS);
        expect(after - between).toBeGreaterThan(CLIENTS);
      } finally {
        await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
      }
    },
    TEST_MS,
  );
});
