import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { PostgresServer } from '../../scripts/embedded-postgres/server.js';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import { FaultCluster } from './fault-cluster.js';
import type { FaultShard } from './fault-shard.js';

const DEADLINE_MS = 20_000;

let cluster: FaultCluster;
let shard: FaultShard;
let primary: PostgresServer;
let replica: PostgresServer;
let other: PostgresServer;

beforeAll(async () => {
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 2 });
  shard = cluster.shard(0);
  primary = shard.primary;
  [replica, other] = [shard.replica(0), shard.replica(1)];
  await shard.query(primary, 'CREATE TABLE numbers (n integer)');
});

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const insert = (n: number, on = primary) =>
  shard.query(on, `INSERT INTO numbers VALUES (${n}) RETURNING n`);

async function has(server: PostgresServer, n: number): Promise<boolean> {
  return (await shard.query(server, `SELECT FROM numbers WHERE n = ${n}`)).length === 1;
}

const untilItHas = (server: PostgresServer, n: number) =>
  waitUntil(`${n} on ${server.name}`, DEADLINE_MS, () => has(server, n));

// In this order: the last one leaves another primary behind.
describe(FaultCluster.name, () => {
  it('holds back one replica, and lets it go on', async () => {
    await shard.pauseReplay(replica);
    await insert(1);
    await shard.untilReplayed([other]);
    expect(await has(replica, 1)).toBe(false);
    await shard.resumeReplay(replica);
    await untilItHas(replica, 1);
  });

  it('makes one replica late', async () => {
    await shard.setApplyDelay(replica, 60_000);
    await insert(2);
    await shard.untilReplayed([other]);
    expect(await has(replica, 2)).toBe(false);
    await shard.setApplyDelay(replica, 0);
    await untilItHas(replica, 2);
  });

  it('breaks a replica off, and has it follow again', async () => {
    await shard.breakOff(replica);
    await insert(3);
    await shard.untilReplayed([other]);
    expect(await has(replica, 3)).toBe(false);
    await shard.follow(replica, primary);
    await untilItHas(replica, 3);
  });

  it('freezes a server with its connections, and thaws it', async () => {
    const client = new Client({ connectionString: shard.url(replica) });
    client.on('error', () => undefined);
    await client.connect();
    await shard.freeze(replica);
    const asked = client.query('SELECT 1 AS one');
    const answered: unknown[] = [];
    asked.then(() => answered.push(true)).catch(() => undefined);
    // Others answer meanwhile.
    expect(await has(other, 3)).toBe(true);
    expect(answered).toEqual([]);
    await shard.thaw(replica);
    expect((await asked).rows).toEqual([{ one: 1 }]);
    await client.end();
  });

  it('kills a primary, and starts it with its data; replicas find it again', async () => {
    await insert(4);
    await shard.kill(primary);
    await expect(insert(5)).rejects.toThrow('ECONNREFUSED');
    await shard.start(primary);
    await insert(6);
    expect(await has(primary, 4)).toBe(true);
    await shard.untilReplayed();
    expect(await has(replica, 6)).toBe(true);
  });

  it('promotes a replica behind the same address, and the other one follows it', async () => {
    await shard.untilReplayed();
    await shard.kill(primary);
    await shard.promote(other);
    await shard.follow(replica, other);
    const client = new Client({ connectionString: shard.url(primary) });
    await client.connect();
    await client.query('INSERT INTO numbers VALUES (7)');
    await client.end();
    await untilItHas(replica, 7);
    expect(await has(replica, 6)).toBe(true);
  });

  it('leaves nothing behind', async () => {
    const pid = other.pid ?? 0;
    expect(existsSync(other.dataDir)).toBe(true);
    await cluster[Symbol.asyncDispose]();
    expect(existsSync(other.dataDir)).toBe(false);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
