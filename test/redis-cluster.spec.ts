import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { settlesWithin, waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { Copies } from '../src/cache/copies.js';
import { redisCaches } from '../src/cache/create-cache.js';
import { hashTag } from '../src/database/freshness/floor-keys.js';
import { openRedis, reasonOf, type RedisServers, type ServerEvent } from '../src/redis/index.js';
import { CertificateAuthority } from './harness/certificates.js';
import {
  at,
  type FloorsProcess,
  floorsProcess,
  keepsFresh,
  knownFloor,
  Primary,
  type ProcessOptions,
} from './harness/floors.js';
import { redisConfig, type RedisServer } from './harness/redis.js';
import { RedisCluster } from './harness/redis-cluster.js';

const START_MS = 120_000;
const DEADLINE_MS = 30_000;
const FAILOVER_MS = 8_000;
const PARTITIONS = 64;

let cluster: RedisCluster;
let primary: Primary;
const processes: FloorsProcess[] = [];
const opened: RedisServers[] = [];

async function start(options?: ProcessOptions): Promise<FloorsProcess> {
  const started = await floorsProcess(cluster, options);
  processes.push(started);
  return started;
}

const slotKey = (tag: string) => hashTag({ id: 's0' } as Primary, tag, PARTITIONS);

/** Tags whose floors that node had at the start. */
function tagsOf(node: RedisServer, count: number): string[] {
  const tags: string[] = [];
  for (let n = 0; tags.length < count; n++) {
    if (cluster.nodeOf(slotKey(`tag${n}`)) === node) tags.push(`tag${n}`);
  }
  return tags;
}

const firstTagOf = (node: RedisServer): string => tagsOf(node, 1)[0] ?? '';

/** Asks until the floor is known, and sees that it never is one that could miss `position`. */
async function staysFresh(reader: FloorsProcess, tag: string, position: ReturnType<typeof at>) {
  await waitUntil(`a floor of ${tag}`, DEADLINE_MS, async () => {
    const floor = await reader.floors.of(primary, tag);
    if (!keepsFresh(floor, position)) throw new Error(`a replica may lack ${tag}`);
    return floor !== 'primary';
  });
}

/** Has a replica take its master's place; asks again where Redis gave up, as it does after 5 s. */
async function failOver(replica: RedisServer): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await replica.command('CLUSTER', 'FAILOVER');
    const isMaster = async () =>
      String(await replica.command('INFO', 'replication')).includes('role:master');
    try {
      await waitUntil('the failover', FAILOVER_MS, isMaster);
      return;
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

/** Waits until that replica has been elected, and the others know. */
async function untilMaster(replica: RedisServer, among: readonly RedisServer[]): Promise<void> {
  const id = await cluster.idOf(replica);
  await waitUntil('the election', DEADLINE_MS, async () => {
    const lists = await Promise.all(among.map((node) => node.command('CLUSTER', 'NODES')));
    return lists.every((list) =>
      new RegExp(`^${id} \\S+ (myself,)?master`, 'm').test(String(list)),
    );
  });
  await cluster.untilWell(among);
}

afterEach(async () => {
  for (const each of processes.splice(0)) await each[Symbol.asyncDispose]();
  for (const each of opened.splice(0)) await each.close();
});

describe('a Redis Cluster of three masters', () => {
  beforeAll(async () => {
    cluster = await RedisCluster.start();
  }, START_MS);

  afterAll(() => cluster.stop());

  beforeEach(async () => {
    await Promise.all(cluster.nodes.map((node) => node.flush()));
    primary = new Primary();
  });

  it('shares floors between processes, and has some on each of its nodes', async () => {
    const [writer, reader] = [await start(), await start()];
    const tags = Array.from({ length: 300 }, (_, n) => `tag${n}`);
    await Promise.all(tags.map((tag) => knownFloor(reader, primary, tag)));
    await writer.floors.raise(primary, tags, primary.advanceTo(at(20)));
    const floors = await Promise.all(tags.map((tag) => reader.floors.of(primary, tag)));
    expect(floors).toEqual(tags.map(() => at(20)));
    for (const node of cluster.nodes) expect(await node.command('DBSIZE')).toBeGreaterThan(5);
    expect([...writer.events, ...reader.events]).toEqual([]);
  });

  it('is learnt from a single node', async () => {
    const env = { REDIS_URL: cluster.node(1).url, REDIS_CLUSTER: 'true' };
    const reader = await floorsProcess({ config: (timeoutMs) => redisConfig(env, timeoutMs) });
    processes.push(reader);
    for (const node of cluster.nodes) await knownFloor(reader, primary, firstTagOf(node));
  });

  it('keeps copies of pages, looked up many at once wherever they are', async () => {
    const { servers } = await start();
    const copies = new Copies(redisCaches(servers), { timeoutMs: 5_000 });
    const body = Buffer.from('[]');
    const copy = { body, asOf: '', etag: '', next: undefined };
    const keys = Array.from({ length: 200 }, (_, n) => `messages:copy:{s0:${n % 64}}:page:${n}:`);
    for (const key of keys) copies.put(key, copy, 60_000);
    const find = () => Promise.all(keys.map((key) => copies.find(key)));
    await waitUntil('the copies', DEADLINE_MS, async () => !(await find()).includes(undefined));
    expect(await find()).toEqual(keys.map(() => copy));
  });

  it.each<[string, (node: RedisServer) => Promise<void>]>([
    ['is flushed', (node) => node.flush()],
    ['is killed and starts empty', (node) => node.restart()],
  ])('trusts only the primary where a node %s, and goes on elsewhere', async (_, lose) => {
    const [writer, reader] = [await start(), await start()];
    const tags = cluster.nodes.map((node) => firstTagOf(node));
    for (const tag of tags) await knownFloor(reader, primary, tag);
    await writer.floors.raise(primary, tags, primary.advanceTo(at(20)));
    const [lost = '', ...others] = tags;
    primary.hold();
    await lose(cluster.node(0));
    await cluster.untilWell();
    await waitUntil('both processes to be back', DEADLINE_MS, () =>
      [writer, reader].every(({ servers }) => servers.at(slotKey(lost)).serverId !== undefined),
    );
    expect(await reader.floors.of(primary, lost)).toBe('primary');
    for (const tag of others) expect(await reader.floors.of(primary, tag)).toEqual(at(20));
    primary.release();
    expect(await knownFloor(reader, primary, lost)).toEqual(at(20));
  });

  it('loses only the tags of a node that hangs', async () => {
    const [writer, reader] = [await start({ timeoutMs: 200 }), await start({ timeoutMs: 200 })];
    const [first, ...others] = cluster.nodes.map((node) => firstTagOf(node));
    const lost = first ?? '';
    for (const tag of [lost, ...others]) await knownFloor(reader, primary, tag);
    await cluster.node(0).kill('SIGSTOP');
    try {
      await waitUntil('the loss', DEADLINE_MS, async () => {
        await writer.floors.raise(primary, [lost], primary.advanceTo(at(20)));
        return writer.events.some(({ kind }) => kind === 'raise-failed');
      });
      for (const tag of others) {
        await writer.floors.raise(primary, [tag], primary.advanceTo(at(30)));
        expect(await reader.floors.of(primary, tag)).toEqual(at(30));
      }
      // From here it goes by what it knows itself.
      await reader.floors.of(primary, lost);
      expect(reader.events.map(({ kind }) => kind)).toEqual(['lookup-failed']);
    } finally {
      await cluster.node(0).kill('SIGCONT');
    }
    await cluster.untilWell();
    await waitUntil('the recovery', DEADLINE_MS, () =>
      writer.events.some(({ kind }) => kind === 'raise-recovered'),
    );
    expect(keepsFresh(await reader.floors.of(primary, lost), at(20))).toBe(true);
  });

  it('shows a raise after its slot was moved, to who knows of that and who does not', async () => {
    const [writer, reader] = [await start(), await start()];
    const tag = firstTagOf(cluster.node(0));
    await knownFloor(reader, primary, tag);
    await writer.floors.raise(primary, [tag], primary.advanceTo(at(20)));
    const [from, to] = [cluster.node(0), cluster.node(1)];
    await cluster.moveSlot(slotKey(tag), from, to);
    // The writer is told so by the answer, and learns where to.
    await writer.floors.raise(primary, [tag], primary.advanceTo(at(30)));
    expect(writer.events).toEqual([]);
    await staysFresh(reader, tag, at(30));
    expect(reader.events).toEqual([]);
    await cluster.moveSlot(slotKey(tag), to, from);
    await writer.floors.raise(primary, [tag], primary.advanceTo(at(40)));
    await staysFresh(reader, tag, at(40));
  });

  it('opens at once where no node is, says so once, and connects when there are some', async () => {
    for (const node of cluster.nodes) await node.kill('SIGKILL');
    const lost: ServerEvent[] = [];
    const servers = openRedis(cluster.config(1_000), (event) => {
      if (event.kind === 'lost') lost.push(event);
    });
    opened.push(servers);
    const command = servers.at('any').run((client) => client.ping());
    await expect(command).rejects.toThrow('not connected');
    await waitUntil('the first attempt', DEADLINE_MS, () => lost.length > 0);
    await servers.settle(['any']);
    expect(lost.map((event) => event.kind === 'lost' && reasonOf(event.error))).toEqual([
      expect.stringContaining('ECONNREFUSED'),
    ]);
    for (const node of cluster.nodes) await node.restart();
    await waitUntil('the cluster', DEADLINE_MS, () => servers.at('any').serverId);
  });
});

describe('a Redis Cluster with replicas', () => {
  beforeAll(async () => {
    cluster = await RedisCluster.start({ replicas: 1 });
  }, START_MS);

  afterAll(() => cluster.stop());

  beforeEach(() => {
    primary = new Primary();
  });

  it('misses nothing when a replica takes over while writers write', async () => {
    const [writer, reader] = [await start(), await start()];
    const [master, replica] = [cluster.node(0), cluster.node(3)];
    const tag = firstTagOf(master);
    await knownFloor(reader, primary, tag);
    const elected = failOver(replica).then(() => untilMaster(replica, cluster.nodes));
    for (let lsn = 20; !(await settlesWithin(elected, 1)); lsn++) {
      await writer.floors.raise(primary, [tag], primary.advanceTo(at(lsn)));
    }
    await elected;
    await staysFresh(reader, tag, primary.position);
  });

  it('does not believe a master that hung while its replica took over', async () => {
    const [writer, reader] = [await start({ timeoutMs: 500 }), await start({ timeoutMs: 500 })];
    const [master, replica] = [cluster.node(1), cluster.node(4)];
    const tag = firstTagOf(master);
    await knownFloor(reader, primary, tag);
    await writer.floors.raise(primary, [tag], primary.advanceTo(at(20)));
    await master.kill('SIGSTOP');
    try {
      await untilMaster(
        replica,
        cluster.nodes.filter((node) => node !== master),
      );
      await waitUntil('the writer to follow', DEADLINE_MS, () => {
        const { address, serverId } = writer.servers.at(slotKey(tag));
        return address.port === replica.port && serverId !== undefined;
      });
      await writer.floors.raise(primary, [tag], primary.advanceTo(at(30)));
    } finally {
      await master.kill('SIGCONT');
    }
    await staysFresh(reader, tag, at(30));
    await waitUntil('the old master to be a replica', DEADLINE_MS, async () =>
      String(await master.command('INFO', 'replication')).includes('role:slave'),
    );
    await staysFresh(reader, tag, at(30));
  });

  it('goes on with the replica of a master that died', async () => {
    const [writer, reader] = [await start(), await start()];
    const [master, replica] = [cluster.node(2), cluster.node(5)];
    const tag = firstTagOf(master);
    await knownFloor(reader, primary, tag);
    await writer.floors.raise(primary, [tag], primary.advanceTo(at(20)));
    await master.kill('SIGKILL');
    await untilMaster(
      replica,
      cluster.nodes.filter((node) => node !== master),
    );
    for (const { servers } of [writer, reader]) {
      await waitUntil('the processes to follow', DEADLINE_MS, () => {
        const { address, serverId } = servers.at(slotKey(tag));
        return address.port === replica.port && serverId !== undefined;
      });
    }
    await staysFresh(reader, tag, at(20));
    await writer.floors.raise(primary, [tag], primary.advanceTo(at(30)));
    expect(await reader.floors.of(primary, tag)).toEqual(at(30));
  });
});

describe('a Redis Cluster with TLS and a password', () => {
  it(
    'shares floors between processes',
    async () => {
      await using authority = await CertificateAuthority.create();
      const tls = await authority.issue('redis', 'IP:127.0.0.1');
      const settings = { requirepass: 'p@ss', masterauth: 'p@ss' };
      cluster = await RedisCluster.start({ settings, tls });
      try {
        primary = new Primary();
        const [writer, reader] = [await start(), await start()];
        const tags = cluster.nodes.map((node) => firstTagOf(node));
        for (const tag of tags) await knownFloor(reader, primary, tag);
        await writer.floors.raise(primary, tags, primary.advanceTo(at(20)));
        for (const tag of tags) expect(await reader.floors.of(primary, tag)).toEqual(at(20));
      } finally {
        for (const each of processes.splice(0)) await each[Symbol.asyncDispose]();
        await cluster.stop();
      }
    },
    START_MS,
  );
});
