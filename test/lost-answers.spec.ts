import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { INSERT_KEYED_MESSAGES, INSERT_MESSAGES } from '../src/database/writes/insert.statement.js';
import { WRITTEN_POSITION } from '../src/database/writes/position.statement.js';
import { FaultCluster } from './harness/fault-cluster.js';
import type { FaultShard } from './harness/fault-shard.js';
import { type Answer, get, post, send } from './harness/http.js';
import { ServiceProcess } from './harness/service-process.js';
import type { TcpProxy } from './harness/tcp-proxy.js';

let cluster: FaultCluster;
let shard: FaultShard;
let primary: TcpProxy;
let service: ServiceProcess;

beforeAll(async () => {
  cluster = await FaultCluster.start({ shards: 1, replicasPerShard: 0 });
  shard = cluster.shard(0);
  primary = shard.proxy(shard.primary);
  service = await ServiceProcess.start(cluster.env({ CACHE: 'off' }));
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

const list = async (tag: string) => (await get(service.url, `/messages?tag=${tag}&limit=500`)).body;

/** Cuts the connection that sends the statement next, and tells whether that has come to pass. */
function loseAnswerTo({ name }: { readonly name: string }): () => boolean {
  const { cuts } = primary;
  primary.cutAfterSend(name);
  return () => primary.cuts === cuts + 1;
}

function statuses(answers: readonly Answer[]): number[] {
  return [...new Set(answers.map(({ status }) => status))];
}

describe('a POST that was stored, but the database was cut off before it said so', () => {
  it.each([INSERT_MESSAGES, WRITTEN_POSITION])(
    'is answered 201, and stored once: $name',
    async (statement) => {
      const tag = statement.name;
      const wasLost = loseAnswerTo(statement);
      const answer = await post(service.url, { message: 'x', tag });
      expect(wasLost()).toBe(true);
      expect(answer.status).toBe(201);
      expect(await list(tag)).toEqual([answer.body]);
    },
  );

  it('is answered 201, and stored once, with an Idempotency-Key', async () => {
    const request = {
      body: JSON.stringify({ message: 'x', tag: 'keyed' }),
      headers: { 'content-type': 'application/json', 'idempotency-key': `"${randomUUID()}"` },
    };
    const wasLost = loseAnswerTo(INSERT_KEYED_MESSAGES);
    const answer = await send(service.url, request);
    expect(wasLost()).toBe(true);
    expect(answer.status).toBe(201);
    expect((await send(service.url, request)).body).toEqual(answer.body);
    expect(await list('keyed')).toEqual([answer.body]);
  });

  it('is answered 201, and stored once, together with others', async () => {
    const answers: Answer[] = [];
    for (let round = 0; round < 5; round++) {
      const wasLost = loseAnswerTo(INSERT_MESSAGES);
      const posts = Array.from({ length: 40 }, (_, n) =>
        post(service.url, { message: `${round} ${n}`, tag: 'together' }),
      );
      answers.push(...(await Promise.all(posts)));
      expect(wasLost()).toBe(true);
    }
    expect(statuses(answers)).toEqual([201]);
    const stored = (await list('together')) as { message: string }[];
    const texts = stored.map(({ message }) => message);
    const expected = answers.map(({ body }) => (body as { message: string }).message);
    expect(texts.toSorted()).toEqual(expected.toSorted());
  });
});

describe('a row that the database refuses', () => {
  it('fails alone', async () => {
    await shard.query(
      shard.primary,
      `ALTER TABLE messages ADD CONSTRAINT no_poison CHECK (message <> 'poison') NOT VALID`,
    );
    const texts = Array.from({ length: 31 }, (_, n) => (n === 10 ? 'poison' : `good ${n}`));
    const answers = await Promise.all(
      texts.map((message) => post(service.url, { message, tag: 'poisoned' })),
    );
    const [poison] = answers.splice(10, 1);
    expect(statuses(answers)).toEqual([201]);
    expect(await list('poisoned')).toHaveLength(30);
    // Not 503, after which it would be sent again.
    expect([400, 422, 500]).toContain(poison?.status);
    expect(poison?.headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.stringify(poison?.body)).not.toContain('no_poison');
    await shard.query(shard.primary, 'ALTER TABLE messages DROP CONSTRAINT no_poison');
  });
});
