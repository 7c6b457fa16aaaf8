import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PostgresServer } from '../scripts/embedded-postgres/server.js';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { PAGES } from '../src/database/reads/pages.statement.js';
import { FaultCluster } from './harness/fault-cluster.js';
import type { FaultShard } from './harness/fault-shard.js';
import { checkHistory } from './harness/history.js';
import { HistoryClient } from './harness/history-client.js';
import { whileDoing } from './harness/load.js';
import { ServiceProcess } from './harness/service-process.js';

const DEADLINE_MS = 20_000;
const LIMIT = 50;
/** Reads one after the other of which an idle replica, if it takes any, is sure to get some. */
const SOME = 20;
const READERS = 8;

let cluster: FaultCluster;
let shard: FaultShard;
let primary: PostgresServer;
let first: PostgresServer;
let second: PostgresServer;
let service: ServiceProcess;

beforeAll(async () => {
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 2 });
  shard = cluster.shard(0);
  primary = shard.primary;
  [first, second] = [shard.replica(0), shard.replica(1)];
  service = await start({ REPLICA_MAX_LAG: '10min' });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

function start(overrides: NodeJS.ProcessEnv): Promise<ServiceProcess> {
  return ServiceProcess.start(
    cluster.env({ CACHE: 'off', REPLICA_TIMEOUT_MS: '500', ...overrides }),
  );
}

/** A client that has posted to `tag` and reads it; every replica has that and takes reads. */
async function clientOf(tag: string, { url }: ServiceProcess = service) {
  const client = new HistoryClient();
  const post = (to: string) => client.post(url, to);
  const read = (of = tag) => client.page(url, of, LIMIT);
  const readSome = async () => {
    for (let n = 0; n < SOME; n++) await read();
  };
  await post(tag);
  await shard.untilReplayed();
  for (const replica of [first, second]) await untilRead(replica, read);
  return { client, post, read, readSome };
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
    const { client, readSome } = await clientOf('idle');
    const [toPrimary, toFirst, toSecond] = [watch(primary), watch(first), watch(second)];
    await readSome();
    expect(toPrimary.count).toBe(0);
    expect(toFirst.count).toBeGreaterThan(0);
    expect(toSecond.count).toBeGreaterThan(0);
    expectNothingWrong(client);
  });

  it('of a tag that a replica lacks something of go to the other one; others do not', async () => {
    const { client, post, read } = await clientOf('old');
    await shard.pauseReplay(first);
    await post('new');
    const toFirst = await readsOf(first, () => untilRead(second, () => read('new')));
    expect(toFirst).toBe(0);
    await untilRead(first, () => read('old'));
    await shard.resumeReplay(first);
    expectNothingWrong(client);
  });

  it('never go to the slower replica though another has caught up (GitLab #413203)', async () => {
    const { client, post, read } = await clientOf('slower');
    for (const replica of [first, second]) await shard.pauseReplay(replica);
    await post('slower');
    await shard.resumeReplay(second);
    await untilRead(second, read);
    const toFirst = await readsOf(first, () =>
      whileDoing(
        READERS,
        () => read(),
        () => untilAnswered(client, 200),
      ),
    );
    expect(toFirst).toBe(0);
    await shard.resumeReplay(first);
    await untilRead(first, read);
    expectNothingWrong(client);
  });
});

describe('a replica', () => {
  it('that lags by more than REPLICA_MAX_LAG is left out, and comes back by itself', async () => {
    await using strict = await start({ REPLICA_MAX_LAG: '500ms' });
    const { client, post, read, readSome } = await clientOf('lagging', strict);
    await shard.pauseReplay(first);
    await post('elsewhere');
    await untilLeftOut(first, readSome);
    await untilRead(second, read);
    await shard.resumeReplay(first);
    await untilRead(first, read);
    expectNothingWrong(client);
  });

  it('that is broken off is left out once the primary moves on, and comes back', async () => {
    const { client, post, read, readSome } = await clientOf('broken off');
    await shard.breakOff(first);
    await post('elsewhere');
    await untilLeftOut(first, readSome);
    await shard.follow(first, primary);
    await untilRead(first, read);
    expectNothingWrong(client);
  });

  it('that freezes under load fails no request, and comes back', async () => {
    const { client, read } = await clientOf('frozen');
    await whileDoing(
      READERS,
      () => read(),
      async () => {
        await untilAnswered(client, 100);
        await shard.freeze(first);
        await untilAnswered(client, 200);
        await shard.thaw(first);
        await untilRead(first, read);
      },
    );
    expectNothingWrong(client);
  });

  it('that is killed under load fails no request, and comes back once it is started', async () => {
    const { client, read } = await clientOf('killed');
    await whileDoing(
      READERS,
      () => read(),
      async () => {
        await untilAnswered(client, 100);
        await shard.kill(first);
        await untilAnswered(client, 200);
        await shard.start(first);
        await untilRead(first, read);
      },
    );
    expectNothingWrong(client);
  });

  it('whose connection breaks after it was asked is not the only one that is asked', async () => {
    const { client, read } = await clientOf('cut');
    const proxy = shard.proxy(first);
    proxy.cutAfterSend(PAGES.name);
    await waitUntil('the connection to be cut', DEADLINE_MS, async () => {
      await read();
      return proxy.cuts === 1;
    });
    expectNothingWrong(client);
  });
});

describe('the primary', () => {
  it('serves reads while no replica answers, and no more once they do', async () => {
    const { client, read, readSome } = await clientOf('alone');
    for (const replica of [first, second]) {
      shard.proxy(replica).blackhole(true);
      await untilLeftOut(replica, readSome);
    }
    await untilRead(primary, read);
    for (const replica of [first, second]) shard.proxy(replica).blackhole(false);
    for (const replica of [first, second]) await untilRead(replica, read);
    expect(await readsOf(primary, readSome)).toBe(0);
    expectNothingWrong(client);
  });
});
