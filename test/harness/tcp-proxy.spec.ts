import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import { TestDatabases } from './databases.js';
import { TcpProxy } from './tcp-proxy.js';

const DEADLINE_MS = 10_000;
const INSERT = { name: 'insert_numbers', text: 'INSERT INTO numbers VALUES ($1)' };

let databases: TestDatabases;
let proxy: TcpProxy;
let client: Client;
let broken: Promise<void>;

beforeEach(async () => {
  databases = await TestDatabases.create();
  await databases.onPrimary(0, 'CREATE TABLE numbers (n integer PRIMARY KEY)');
  const { hostname, port } = new URL(databases.primaryUrl(0));
  proxy = await TcpProxy.to(hostname, Number(port));
  client = await connected();
  broken = new Promise((resolve) => client.once('end', () => resolve()));
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

async function connected(): Promise<Client> {
  const url = Object.assign(new URL(databases.primaryUrl(0)), { port: proxy.port });
  const made = new Client({ connectionString: url.href, query_timeout: DEADLINE_MS });
  made.on('error', () => undefined);
  await made.connect();
  return made;
}

const insert = (n: number) => client.query({ ...INSERT, values: [n] });

async function numbers(): Promise<number[]> {
  const rows = await databases.onPrimary<{ n: number }>(0, 'SELECT n FROM numbers ORDER BY n');
  return rows.map(({ n }) => n);
}

describe(TcpProxy.name, () => {
  it('passes on what both sides say, and counts what it is asked to watch', async () => {
    const inserts = proxy.watch(INSERT.name);
    const { rows } = await client.query(`SELECT repeat('x', 1000000) AS long`);
    expect(rows).toEqual([{ long: 'x'.repeat(1_000_000) }]);
    expect(inserts.count).toBe(0);
    await insert(1);
    const afterFirst = inserts.count;
    await insert(2);
    expect(afterFirst).toBeGreaterThan(0);
    expect(inserts.count).toBe(afterFirst + 1);
  });

  it.each(['for the first time', 'prepared before'])(
    'lets a statement be executed and its answer be lost: %s',
    async (how) => {
      if (how === 'prepared before') await insert(1);
      proxy.cutAfterSend(INSERT.name);
      await expect(insert(2)).rejects.toThrow(/ECONNRESET|terminated/);
      expect(await numbers()).toContain(2);
      expect(proxy.cuts).toBe(1);
      client = await connected();
      await insert(3);
      expect(proxy.cuts).toBe(1);
    },
  );

  it('breaks every open connection, and takes new ones', async () => {
    proxy.cutAll();
    await broken;
    client = await connected();
    await insert(1);
    expect(await numbers()).toEqual([1]);
  });

  it('passes nothing on while it is a black hole, and then what was held', async () => {
    proxy.blackhole(true);
    const held = insert(1);
    const later = connected();
    const settled: unknown[] = [];
    for (const each of [held, later]) each.then(() => settled.push(each)).catch(() => undefined);
    // Which takes longer than either would.
    expect(await numbers()).toEqual([]);
    expect(settled).toEqual([]);
    proxy.blackhole(false);
    await held;
    await (await later).end();
    expect(await numbers()).toEqual([1]);
  });

  it('leads new connections to another server, and leaves open ones alone', async () => {
    await databases.onReplica(0, 'SELECT');
    const { hostname, port } = new URL(databases.replicaUrl(0));
    proxy.upstream(hostname, Number(port));
    const isStandby = 'SELECT pg_is_in_recovery() AS standby';
    expect((await client.query(isStandby)).rows).toEqual([{ standby: false }]);
    expect((await (await connected()).query(isStandby)).rows).toEqual([{ standby: true }]);
  });

  it('ends a connection that its server ends', async () => {
    const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE datname = '${databases.name}' AND pid <> pg_backend_pid()`;
    await databases.onPrimary(0, sql);
    await waitUntil('the connection to end', DEADLINE_MS, () => broken.then(() => true));
  });
});
