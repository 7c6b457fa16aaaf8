import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { formatPosition } from '../src/database/freshness/position.js';
import { PAGES } from '../src/database/reads/pages.statement.js';
import { FaultCluster } from './harness/fault-cluster.js';
import type { FaultShard } from './harness/fault-shard.js';
import { get, post } from './harness/http.js';
import { ServiceProcesses } from './harness/service-processes.js';

const DEADLINE_MS = 20_000;
const AHEAD_OF_ALL = formatPosition({ timeline: 2 ** 32 - 1, lsn: 2n ** 64n - 1n });

let cluster: FaultCluster;
let services: ServiceProcesses;

beforeAll(async () => {
  cluster = await FaultCluster.start({ shards: 2, replicasPerShard: 1 });
  // Without Redis neither knows what the other one writes.
  services = await ServiceProcesses.start(
    2,
    cluster.env({ CACHE: 'off', REPLICA_MAX_LAG: '10min' }),
  );
});

afterAll(async () => {
  await services[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const list = (service: number, tag: string, token?: string) =>
  get(
    services.url(service),
    `/messages?tag=${tag}`,
    token === undefined ? {} : { 'consistency-token': token },
  );

async function posted(service: number, tag: string) {
  const answer = await post(services.url(service), { message: 'x', tag });
  expect(answer.status).toBe(201);
  return { message: answer.body, token: answer.headers.get('consistency-token') ?? '' };
}

function tagOf(shard: FaultShard, name: string): string {
  for (let n = 0; ; n++) {
    if (cluster.shardOf(`${name}-${n}`) === shard) return `${name}-${n}`;
  }
}

/** Reads again and again until a replica is asked and not the primary. */
async function untilReadFromReplica(read: () => Promise<unknown>, shard: FaultShard) {
  const reads = shard.proxy(shard.replica(0)).watch(PAGES.name);
  await waitUntil('a read from the replica', DEADLINE_MS, async () => {
    await read();
    return reads.count > 0;
  });
}

describe('a GET with the Consistency-Token of a POST', () => {
  it('shows the message through a process that was not told of it', async () => {
    const shard = cluster.shard(0);
    const tag = tagOf(shard, 'told');
    await untilReadFromReplica(() => list(1, tag), shard);
    await shard.pauseReplay(shard.replica(0));
    const { message, token } = await posted(0, tag);
    // Else it would show without a token too.
    expect((await list(1, tag)).body).toEqual([]);
    expect((await list(1, tag, token)).body).toEqual([message]);
    expect((await list(0, tag)).body).toEqual([message]);
    await shard.resumeReplay(shard.replica(0));
  });

  it('is served by a replica that has it', async () => {
    const shard = cluster.shard(0);
    const tag = tagOf(shard, 'replayed');
    const { message, token } = await posted(0, tag);
    await shard.untilReplayed();
    await untilReadFromReplica(() => list(1, tag, token), shard);
    expect((await list(1, tag, token)).body).toEqual([message]);
  });

  it.each([
    '',
    'x',
    '0123456789ab',
    `0123456789AB.${AHEAD_OF_ALL}`,
    `0123456789ab.${AHEAD_OF_ALL}0`,
  ])('is refused, naming the header, if the token is malformed: %j', async (token) => {
    const answer = await list(0, 'malformed', token);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ errors: [{ pointer: '#/Consistency-Token' }] });
  });

  it.each(['of another layout', 'of another shard', 'from far ahead'])(
    'is answered from the primary if the token is %s',
    async (kind) => {
      const shard = cluster.shard(0);
      const tag = tagOf(shard, kind.replaceAll(' ', '-'));
      const { message, token } = await posted(0, tag);
      const other = await posted(0, tagOf(cluster.shard(1), 'elsewhere'));
      const [source] = token.split('.');
      const tokens: Record<string, string> = {
        'of another layout': `000000000000.${formatPosition({ timeline: 1, lsn: 0n })}`,
        'of another shard': other.token,
        'from far ahead': `${source}.${AHEAD_OF_ALL}`,
      };
      const replicaReads = shard.proxy(shard.replica(0)).watch(PAGES.name);
      const answer = await list(1, tag, tokens[kind]);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual([message]);
      expect(replicaReads.count).toBe(0);
    },
  );
});
