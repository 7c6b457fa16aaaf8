import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate } from '../src/database/index.js';
import { TestDatabases } from './harness/databases.js';
import { type Answer, send } from './harness/http.js';
import { ServiceProcess } from './harness/service-process.js';
import { ServiceProcesses } from './harness/service-processes.js';

let databases: TestDatabases;
let services: ServiceProcesses;

beforeAll(async () => {
  databases = await TestDatabases.create();
  await migrate(databases.config().database, () => undefined);
  services = await ServiceProcesses.start(2, databases.env());
});

afterAll(async () => {
  await services[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

const newKey = () => `"${randomUUID()}"`;

function post(
  key: string,
  body: { message: string; tag: string },
  url = services.url(0),
): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  return send(url, { body: JSON.stringify(body), headers });
}

const idOf = ({ body }: Answer) => (body as { id: string }).id;

async function onAllPrimaries<Row extends object>(sql: string): Promise<Row[]> {
  const rows = await Promise.all([0, 1].map((shard) => databases.onPrimary<Row>(shard, sql)));
  return rows.flat();
}

const storedUnder = (tag: string) =>
  onAllPrimaries<{ id: string }>(`SELECT id FROM messages WHERE tag = '${tag}'`);

const age = (by: string) =>
  onAllPrimaries(`UPDATE idempotency_keys SET created_at = created_at - interval '${by}'`);

describe('a POST with an Idempotency-Key', () => {
  it('is the same message when it is sent again, through whichever process', async () => {
    const key = newKey();
    const first = await post(key, { message: 'x', tag: 'again' });
    expect(first.status).toBe(201);
    for (const url of services.urls) {
      const again = await post(key, { message: 'x', tag: 'again' }, url);
      expect(again.status).toBe(201);
      expect(again.body).toEqual(first.body);
      expect(again.headers.get('location')).toBe(first.headers.get('location'));
      expect(again.headers.get('consistency-token')).not.toBeNull();
    }
    expect(await storedUnder('again')).toEqual([{ id: idOf(first) }]);
  });

  it('is the same message if its tag is written in another way', async () => {
    const key = newKey();
    const first = await post(key, { message: 'x', tag: '#Café' });
    const again = await post(key, { message: 'x', tag: '#cafe\u0301' });
    expect(again.body).toEqual(first.body);
  });

  it('is refused when it has another body', async () => {
    const key = newKey();
    await post(key, { message: 'x', tag: 'changed' });
    const answer = await post(key, { message: 'y', tag: 'changed' });
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await storedUnder('changed')).toHaveLength(1);
  });

  it('is not taken for a POST under another key, or under none', async () => {
    const body = { message: 'x', tag: 'apart' };
    const answers = [await post(newKey(), body), await post(newKey(), body)];
    answers.push(await send(services.url(0), { body: JSON.stringify(body) }));
    expect(new Set(answers.map(idOf)).size).toBe(3);
  });

  it('is stored once, though twins come at once through two processes', async () => {
    const key = newKey();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        post(key, { message: 'x', tag: 'twins' }, services.urls[n % 2]),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(await storedUnder('twins')).toEqual([{ id: idOf(answers[0] as Answer) }]);
  });

  it('is stored once of several bodies that come at once, and the others are refused', async () => {
    const key = newKey();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        post(key, { message: `${n}`, tag: 'rivals' }, services.urls[n % 2]),
      ),
    );
    const stored = answers.filter(({ status }) => status === 201);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(19);
    expect(await storedUnder('rivals')).toEqual(stored.map((answer) => ({ id: idOf(answer) })));
  });

  it('is a new message once the key is older than 24 hours, and not before', async () => {
    const key = newKey();
    const body = { message: 'x', tag: 'expired' };
    const first = await post(key, body);
    await age('23 hours 59 minutes');
    expect(idOf(await post(key, body))).toBe(idOf(first));
    await age('2 minutes');
    const second = await post(key, { ...body, message: 'y' });
    expect(second.status).toBe(201);
    expect(idOf(second)).not.toBe(idOf(first));
    expect((await post(key, body)).status).toBe(422);
  });

  it('is known to a process that was started later', async () => {
    const key = newKey();
    const first = await post(key, { message: 'x', tag: 'restart' });
    await using later = await ServiceProcess.start(databases.env());
    const again = await post(key, { message: 'x', tag: 'restart' }, later.url);
    expect(again.body).toEqual(first.body);
  });

  it.each([
    ['empty', ''],
    ['an empty string', '""'],
    ['without its end', '"a'],
    ['without its begin', 'a"'],
    ['with a quote inside', '"a"b"'],
    ['not ASCII', '"é"'],
    ['sent twice', '"a", "b"'],
    ['too long', `"${'x'.repeat(256)}"`],
  ])('is refused, naming the header, if the key is malformed: %s', async (_, key) => {
    const answer = await post(key, { message: 'x', tag: 'malformed' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ errors: [{ pointer: '#/Idempotency-Key' }] });
    expect(await storedUnder('malformed')).toEqual([]);
  });
});
