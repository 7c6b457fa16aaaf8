import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { settlesWithin, waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { RedisFreshnessFloors } from '../src/database/freshness/redis-freshness-floors.js';
import {
  at,
  floorReaches,
  type FloorsProcess,
  floorsProcess,
  isReady,
  keepsFresh,
  knownFloor,
  Primary,
  type ProcessOptions,
} from './harness/floors.js';
import { RedisServer } from './harness/redis.js';

const DEADLINE_MS = 20_000;
/** Of a command, where the server is made to hang. */
const SHORT_MS = 200;
const FLOORS = 'messages:2:floors:{s0:0}';

let server: RedisServer;
let primary: Primary;
const processes: FloorsProcess[] = [];

async function start(options?: ProcessOptions): Promise<FloorsProcess> {
  const started = await floorsProcess(server, options);
  processes.push(started);
  return started;
}

beforeEach(async () => {
  server = await RedisServer.start();
  primary = new Primary();
});

afterEach(async () => {
  for (const each of processes.splice(0)) await each[Symbol.asyncDispose]();
  await server.stop();
});

describe(`${RedisFreshnessFloors.name}, when Redis loses what it had`, () => {
  const losses: [string, () => Promise<void>][] = [
    ['is flushed', () => server.flush()],
    ['is killed and starts empty', () => server.restart()],
  ];
  it.each(losses)('trusts only the primary when Redis %s, until it was asked', async (_, lose) => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    const before = reader.connection.serverId;
    primary.hold();
    await lose();
    if ((await server.command('DBSIZE')) !== 0) throw new Error('Redis has lost nothing');
    await isReady(reader.connection, await hasChanged(before));
    expect(await reader.floors.of(primary, 'cats')).toBe('primary');
    expect(await reader.floors.of(primary, 'dogs')).toBe('primary');
    primary.release();
    expect(await knownFloor(reader, primary, 'cats')).toEqual(at(20));
  });

  it('believes no baseline and no floor of an old dump', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    await server.command('SAVE');
    await writer.floors.raise(primary, ['cats', 'dogs'], primary.advanceTo(at(30)));
    const before = reader.connection.serverId;
    primary.hold();
    await server.restart();
    await isReady(reader.connection, before);
    expect(await server.command('HGET', FLOORS, '#cats')).toMatch(/14\./);
    expect(await reader.floors.of(primary, 'cats')).toBe('primary');
    expect(await reader.floors.of(primary, 'dogs')).toBe('primary');
    primary.release();
    await floorReaches(reader, primary, 'cats', at(30));
    await floorReaches(reader, primary, 'dogs', at(30));
  });

  it('sets no baseline that was asked for before a flush', async () => {
    const [writer, reader] = [await start(), await start()];
    primary.hold();
    expect(await reader.floors.of(primary, 'cats')).toBe('primary');
    await waitUntil('the question', DEADLINE_MS, () => primary.asked === 1);
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    await server.flush();
    primary.release();
    // The answer to the first question comes first; the floor is never below what was raised.
    const covered = await waitUntil('a floor of cats', DEADLINE_MS, async () => {
      const floor = await reader.floors.of(primary, 'cats');
      expect(keepsFresh(floor, at(20))).toBe(true);
      return floor !== 'primary';
    });
    expect(covered).toBe(true);
  });
});

describe(`${RedisFreshnessFloors.name}, when Redis cannot be asked`, () => {
  it('goes by what the process knows: what it wrote, and where the primary was', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    await server.kill('SIGKILL');
    // Others' writes up to the loss, though only Redis had told of them.
    await floorReaches(reader, primary, 'cats', at(20));
    await reader.floors.raise(primary, ['cats'], primary.advanceTo(at(30)));
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(30));
    expect(await reader.floors.of(primary, 'dogs')).toEqual(at(20));
  });

  it('learns anew where the primary was each time that Redis fails', async () => {
    const [writer, reader] = [await start(), await start()];
    for (const lsn of [20, 30]) {
      await knownFloor(writer, primary, 'cats');
      await knownFloor(reader, primary, 'cats');
      await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(lsn)));
      expect(await reader.floors.of(primary, 'cats')).toEqual(at(lsn));
      const before = reader.connection.serverId;
      await server.kill('SIGKILL');
      await floorReaches(reader, primary, 'cats', at(lsn));
      await server.restart();
      for (const { connection } of [writer, reader]) await isReady(connection, before);
    }
  });

  it('answers, and accepts raises, while Redis hangs', async () => {
    const one = await start({ timeoutMs: SHORT_MS });
    await knownFloor(one, primary, 'cats');
    await server.kill('SIGSTOP');
    const raised = one.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    const asked = Promise.all(
      ['cats', 'dogs'].map((tag) => one.floors.of(primary, tag)),
    ) as Promise<unknown>;
    expect(await settlesWithin(Promise.all([raised, asked]), DEADLINE_MS)).toBe(true);
    await floorReaches(one, primary, 'cats', at(20));
    const more = Array.from({ length: 1_000 }, (_, index) => one.floors.of(primary, `tag${index}`));
    expect(await settlesWithin(Promise.all(more), DEADLINE_MS)).toBe(true);
    expect(await settlesWithin(one.floors.close(), DEADLINE_MS)).toBe(true);
    expect(await settlesWithin(one.connection.close(), DEADLINE_MS)).toBe(true);
    expect(one.events.map(({ kind }) => kind).toSorted()).toEqual([
      'lookup-failed',
      'raise-failed',
    ]);
  });

  it('tells Redis what it missed once it answers again', async () => {
    const [writer, reader] = [await start({ timeoutMs: SHORT_MS }), await start()];
    await knownFloor(reader, primary, 'cats');
    await server.kill('SIGSTOP');
    await writer.floors.raise(primary, ['cats'], at(20));
    await writer.floors.raise(primary, ['dogs'], at(21));
    await server.kill('SIGCONT');
    // The baseline stays where it was, so only the floors can tell.
    await floorReaches(reader, primary, 'cats', at(20));
    await floorReaches(reader, primary, 'dogs', at(21));
    expect(await reader.floors.of(primary, 'birds')).toEqual(at(10));
    await waitUntil('the recovery', DEADLINE_MS, () => hasRecovered(writer, 'raise'));
  });

  it('tells a Redis that was restarted what was raised without it', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await server.kill('SIGKILL');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(25)));
    await server.restart();
    await floorReaches(reader, primary, 'cats', at(25));
    await waitUntil('the recovery', DEADLINE_MS, () => hasRecovered(writer, 'raise'));
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(30)));
    expect(keepsFresh(await reader.floors.of(primary, 'cats'), at(30))).toBe(true);
  });

  it('tells Redis later what it refuses now', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await writer.floors.raise(primary, ['cats'], at(20));
    expect(writer.events.map(({ kind }) => kind)).toEqual(['raise-failed']);
    expect(await writer.floors.of(primary, 'cats')).toEqual(at(20));
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(10));
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await floorReaches(reader, primary, 'cats', at(20));
  });

  it('keeps a bounded number of raises for later, and loses none for that', async () => {
    const [writer, reader] = [await start({ maxPending: 3 }), await start()];
    await knownFloor(reader, primary, 'cats');
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    const tags = Array.from({ length: 10 }, (_, index) => `tag${index}`);
    for (const [index, tag] of tags.entries()) {
      await writer.floors.raise(primary, [tag], primary.advanceTo(at(20 + index)));
    }
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    for (const [index, tag] of tags.entries()) {
      await floorReaches(reader, primary, tag, at(20 + index));
    }
    // Those that were too many have become the baseline, which is every tag's.
    const kept = (await server.command('HKEYS', FLOORS)) as string[];
    expect(kept.filter((field) => field.startsWith('#')).length).toBeLessThanOrEqual(3);
    expect(await reader.floors.of(primary, 'other')).toEqual(at(29));
  });

  it('sets no baseline that was asked for before raises had to be folded into it', async () => {
    const [writer, reader] = [await start({ maxPending: 1 }), await start()];
    primary.hold();
    expect(await reader.floors.of(primary, 'cats')).toBe('primary');
    await waitUntil('the question', DEADLINE_MS, () => primary.asked === 1);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    await writer.floors.raise(primary, ['dogs'], primary.advanceTo(at(21)));
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await waitUntil('the recovery', DEADLINE_MS, () => hasRecovered(writer, 'raise'));
    primary.release();
    const floor = await knownFloor(reader, primary, 'cats');
    expect(keepsFresh(floor, at(20))).toBe(true);
  });

  it('hands over at the end what Redis does not know yet', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await writer.floors.raise(primary, ['cats'], at(20));
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await writer.floors.close();
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(20));
  });
});

/** What the server must not be any more; undefined if it still is the same run. */
async function hasChanged(before: string | undefined): Promise<string | undefined> {
  const info = String(await server.command('INFO', 'server'));
  const run = /run_id:(\w+)/.exec(info)?.[1] ?? '';
  return before?.startsWith(run) ? undefined : before;
}

function hasRecovered({ events }: FloorsProcess, part: 'raise' | 'lookup'): boolean {
  return events.findLast(({ kind }) => kind.startsWith(part))?.kind === `${part}-recovered`;
}
