import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PostgresServer } from '../scripts/embedded-postgres/server.js';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { PAGES } from '../src/database/reads/pages.statement.js';
import { FaultCluster } from './harness/fault-cluster.js';
import type { FaultShard } from './harness/fault-shard.js';
import { checkHistory } from './harness/history.js';
import { HistoryClient } from './harness/history-client.js';
import { ServiceProcess } from './harness/service-process.js';
import type { Sightings } from './harness/tcp-proxy.js';

const DEADLINE_MS = 20_000;
const LIMIT = 50;
/** Reads one after the other of which an idle replica, if it takes any, is sure to get some. */
const SOME = 20;

let cluster: FaultCluster;
let shard: FaultShard;
let primary: PostgresServer;
let first: PostgresServer;
let second: PostgresServer;

beforeAll(async () => {
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 2 });
  shard = cluster.shard(0);
  primary = shard.primary;
  [first, second] = [shard.replica(0), shard.replica(1)];
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** A service, and a client of it that has posted to `tag`; every replica has that and is in use. */
async function start(tag: string, overrides: NodeJS.ProcessEnv = {}) {
  const env = cluster.env({ REPLICA_MAX_LAG: '10min', REPLICA_TIMEOUT_MS: '500', ...overrides });
  const service = await ServiceProcess.start(env);
  const client = new HistoryClient();
  const read = () => client.page(service.url, tag, LIMIT);
  const post = (to: string) => client.post(service.url, to);
  const readSome = async () => {
    for (let n = 0; n < SOME; n++) await read();
  };
  await post(tag);
  await shard.untilReplayed();
  for (const replica of [first, second]) await untilRead(replica, read);
  return { service, client, read, readSome, post, [Symbol.asyncDispose]: () => stop(service) };
}

async function stop(service: ServiceProcess): Promise<void> {
  await service[Symbol.asyncDispose]();
}

const watch = (server: PostgresServer) => shard.proxy(server).watch(PAGES.name);

/** Statements that a server was sent while `work` ran. */
async function readsOf(server: PostgresServer, work: () => Promise<void>): Promise<number> {
  const reads = watch(server);
  await work();
  return reads.count;
}

async function untilRead(server: PostgresServer, read: () => Promise<void>): Promise<void> {
  const reads = watch(server);
  await waitUntil(`a read from ${server.name}`, DEADLINE_MS, async () => {
    await read();
    return reads.count > 0;
  });
}

async function untilLeftOut(server: PostgresServer, readSome: () => Promise<void>): Promise<void> {
  await waitUntil(`no read from ${server.name}`, DEADLINE_MS, async () => {
    return (await readsOf(server, readSome)) === 0;
  });
}

/** Many readers at once, until `work` is done. */
async function underLoad(read: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  const over = new AbortController();
  const readers = Array.from({ length: 8 }, async () => {
    while (!over.signal.aborted) await read();
  });
  try {
    await work();
  } finally {
    over.abort();
    await Promise.all(readers);
  }
}

function untilAnswered(client: HistoryClient, count: number): Promise<true> {
  const { requests } = client;
  return waitUntil(`${count} answers`, DEADLINE_MS, () => client.requests >= requests + count);
}

function expectNothingWrong(client: HistoryClient): void {
  expect(client.failures).toEqual([]);
  expect(checkHistory(client.events)).toEqual([]);
}

describe('page reads', () => {
  it('all go to replicas that do not lag, and to each of them', async () => {
    await using test = await start('idle');
    const reads = new Map<PostgresServer, Sightings>();
    for (const server of [primary, first, second]) reads.set(server, watch(server));
    await test.readSome();
    expect(reads.get(primary)?.count).toBe(0);
    expect(reads.get(first)?.count).toBeGreaterThan(0);
    expect(reads.get(second)?.count).toBeGreaterThan(0);
    expectNothingWrong(test.client);
  });

  it('of a tag that a replica lacks something of go to the other one; those of other tags do not', async () => {
    await using test = await start('old');
    await shard.pauseReplay(first);
    await test.post('new');
    const readNew = () => test.client.page(test.service.url, 'new', LIMIT);
    const toLate = await readsOf(first, () => untilRead(second, readNew));
    expect(toLate).toBe(0);
    await untilRead(first, test.read);
    await shard.resumeReplay(first);
    expectNothingWrong(test.client);
  });

  it('never go to the slower replica though another one has caught up (GitLab #413203)', async () => {
    await using test = await start('slower');
    for (const replica of [first, second]) await shard.pauseReplay(replica);
    await test.post('slower');
    await shard.resumeReplay(second);
    await untilRead(second, test.read);
    const toSlower = await readsOf(first, () =>
      underLoad(test.read, async () => void (await untilAnswered(test.client, 500))),
    );
    expect(toSlower).toBe(0);
    await shard.resumeReplay(first);
    await untilRead(first, test.read);
    expectNothingWrong(test.client);
  });
});

describe('a replica', () => {
  it('that lags by more than REPLICA_MAX_LAG is left out, and comes back by itself', async () => {
    await using test = await start('lagging', { REPLICA_MAX_LAG: '500ms' });
    await shard.pauseReplay(first);
    await test.post('elsewhere');
    await untilLeftOut(first, test.readSome);
    await untilRead(second, test.read);
    await shard.resumeReplay(first);
    await untilRead(first, test.read);
    expectNothingWrong(test.client);
  });

  it('that is broken off is left out once the primary moves on, and comes back', async () => {
    await using test = await start('broken off');
    await shard.breakOff(first);
    await test.post('elsewhere');
    await untilLeftOut(first, test.readSome);
    await shard.follow(first, primary);
    await untilRead(first, test.read);
    expectNothingWrong(test.client);
  });

  it('that freezes under load fails no request, and comes back', async () => {
    await using test = await start('frozen');
    await underLoad(test.read, async () => {
      await untilAnswered(test.client, 100);
      await shard.freeze(first);
      await untilAnswered(test.client, 200);
      await shard.thaw(first);
      await untilRead(first, test.read);
    });
    expectNothingWrong(test.client);
  });

  it('that is killed under load fails no request, and comes back once it is started', async () => {
    await using test = await start('killed');
    await underLoad(test.read, async () => {
      await untilAnswered(test.client, 100);
      await shard.kill(first);
      await untilAnswered(test.client, 200);
      await shard.start(first);
      await untilRead(first, test.read);
    });
    expectNothingWrong(test.client);
  });

  it('whose connection breaks when it was asked is not the only one that is asked', async () => {
    await using test = await start('cut');
    const proxy = shard.proxy(first);
    proxy.cutAfterSend(PAGES.name);
    await waitUntil('the connection to be cut', DEADLINE_MS, async () => {
      await test.read();
      return proxy.cuts === 1;
    });
    expectNothingWrong(test.client);
  });
});

describe('the primary', () => {
  it('serves reads while no replica answers, and no more once they do', async () => {
    await using test = await start('alone');
    for (const replica of [first, second]) shard.proxy(replica).blackhole(true);
    await untilRead(primary, test.read);
    await test.readSome();
    for (const replica of [first, second]) shard.proxy(replica).blackhole(false);
    await untilRead(first, test.read);
    await untilRead(second, test.read);
    expect(await readsOf(primary, test.readSome)).toBe(0);
    expectNothingWrong(test.client);
  });
});
