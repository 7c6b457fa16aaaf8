import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { join } from '../src/database/freshness/position.js';
import { RedisFreshnessFloors } from '../src/database/freshness/redis-freshness-floors.js';
import {
  at,
  type FloorsProcess,
  floorsProcess,
  keepsFresh,
  knownFloor,
  Primary,
  type ProcessOptions,
} from './harness/floors.js';
import { RedisServer } from './harness/redis.js';

const DEADLINE_MS = 20_000;
const FLOORS = 'messages:2:floors:{s0:0}';
const FLOORS_BEFORE = 'messages:2:floors-before:{s0:0}';

let server: RedisServer;
let primary: Primary;
const processes: FloorsProcess[] = [];

async function start(options?: ProcessOptions): Promise<FloorsProcess> {
  const started = await floorsProcess(server, options);
  processes.push(started);
  return started;
}

/** Makes the floors old and raises one, which has them put aside. */
async function turn({ floors }: FloorsProcess): Promise<void> {
  const asked = primary.asked;
  await server.command('HSET', FLOORS, 'at', '0');
  await floors.raise(primary, ['another'], at(1));
  await waitUntil('the question', DEADLINE_MS, () => primary.asked > asked);
  await waitUntil('the new baseline', DEADLINE_MS, async () =>
    /^[^?]/.test(String(await server.command('HGET', FLOORS, 'since'))),
  );
}

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(() => server.stop());

beforeEach(async () => {
  await server.flush();
  primary = new Primary();
});

afterEach(async () => {
  for (const each of processes.splice(0)) await each[Symbol.asyncDispose]();
});

describe(RedisFreshnessFloors.name, () => {
  it('shows every process the floors that another one has raised', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await writer.floors.raise(primary, ['cats', 'dogs'], primary.advanceTo(at(20)));
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(20));
    expect(await reader.floors.of(primary, 'dogs')).toEqual(at(20));
    expect(await reader.floors.of(primary, 'birds')).toEqual(at(10));
    expect(reader.events).toEqual([]);
  });

  it('shows the own process a floor from the moment that raise was called', async () => {
    const writer = await start();
    await knownFloor(writer, primary, 'cats');
    const raised = writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    expect(await writer.floors.of(primary, 'cats')).toEqual(at(20));
    await raised;
  });

  it('keeps the shards apart', async () => {
    const [writer, reader] = [await start(), await start()];
    const other = new Primary(at(5), 's1');
    await knownFloor(reader, primary, 'cats');
    await knownFloor(reader, other, 'cats');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    const floors = [reader.floors.of(other, 'cats'), reader.floors.of(primary, 'cats')];
    expect(await Promise.all(floors)).toEqual([at(5), at(20)]);
  });

  it('ends concurrent raises at the greatest of each part, in whatever order they come', async () => {
    const writers = [await start(), await start(), await start()];
    const reader = await start();
    await knownFloor(reader, primary, 'cats');
    const positions = Array.from({ length: 300 }, (_, index) =>
      // Parts that fall while others rise, and LSNs that differ only where a double cannot tell.
      at(2n ** 63n + BigInt((index * 7919) % 300), 1 + ((index * 31) % 300)),
    );
    await Promise.all(
      positions.map((position, index) =>
        (writers[index % 3] as FloorsProcess).floors.raise(primary, ['cats'], position),
      ),
    );
    expect(await reader.floors.of(primary, 'cats')).toEqual(positions.reduce(join));
  });

  it('never lowers a floor, however late a raise comes', async () => {
    const [writer, late, reader] = [await start(), await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await writer.floors.raise(primary, ['cats'], at(30, 2));
    await late.floors.raise(primary, ['cats'], at(20, 1));
    await late.floors.raise(primary, ['cats'], at(29, 2));
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(30, 2));
  });

  it('trusts only the primary until it has said where it was, and asks it once', async () => {
    const [one, other] = [await start(), await start()];
    primary.hold();
    for (let turn = 0; turn < 5; turn++) {
      expect(await one.floors.of(primary, `tag${turn}`)).toBe('primary');
    }
    expect(primary.asked).toBe(1);
    primary.release();
    expect(await knownFloor(one, primary, 'cats')).toEqual(at(10));
    // The baseline is shared: the next process needs no question of its own.
    expect(await other.floors.of(primary, 'cats')).toEqual(at(10));
    expect(primary.asked).toBe(1);
  });

  it('asks a primary again that could not be reached', async () => {
    const reader = await start();
    const away = { id: 's0', currentPosition: () => Promise.reject(new Error('is away')) };
    expect(await reader.floors.of(away, 'cats')).toBe('primary');
    await waitUntil('the question to fail', DEADLINE_MS, () => reader.events.length > 0);
    expect(await reader.floors.of(away, 'cats')).toBe('primary');
    expect(await knownFloor(reader, primary, 'cats')).toEqual(at(10));
    const kinds = reader.events.map(({ kind }) => kind);
    expect(kinds).toEqual(['baseline-failed', 'baseline-recovered']);
  });

  it('keeps a floor for its time, and then goes by the baseline', async () => {
    const [writer, reader] = [await start({ ttlMs: 60_000 }), await start()];
    await knownFloor(reader, primary, 'cats');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    await turn(writer);
    // What was put aside still counts, and with it the baseline that it had.
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(20));
    expect(await reader.floors.of(primary, 'birds')).toEqual(at(10));
    await reader.floors.raise(primary, ['birds'], primary.advanceTo(at(30)));
    expect(await writer.floors.of(primary, 'birds')).toEqual(at(30));
    expect(await server.command('HEXISTS', FLOORS, '#cats')).toBe(0);
    await turn(writer);
    expect(await server.command('HEXISTS', FLOORS_BEFORE, '#cats')).toBe(0);
    // Where the primary was when the floors of the cats were put aside.
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(20));
    expect(await reader.floors.of(primary, 'birds')).toEqual(at(30));
    expect(((await server.command('KEYS', '*')) as string[]).toSorted()).toEqual([
      FLOORS_BEFORE,
      FLOORS,
    ]);
  });

  it.each(['both', 'the older', 'the newer'])(
    'trusts only what is whole when Redis has evicted %s of two hashes',
    async (evicted) => {
      const [writer, reader] = [await start({ ttlMs: 60_000 }), await start()];
      await knownFloor(reader, primary, 'cats');
      await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
      await turn(writer);
      await writer.floors.raise(primary, ['dogs'], primary.advanceTo(at(30)));
      primary.hold();
      if (evicted !== 'the older') await server.command('DEL', FLOORS);
      if (evicted !== 'the newer') await server.command('DEL', FLOORS_BEFORE);
      for (const [tag, position] of [
        ['cats', at(20)],
        ['dogs', at(30)],
      ] as const) {
        expect(keepsFresh(await reader.floors.of(primary, tag), position)).toBe(true);
      }
      await waitUntil('a new baseline, or its mark', DEADLINE_MS, () =>
        server.command('HEXISTS', FLOORS, 'since'),
      );
      // A mark vouches for nothing, even beside an older baseline.
      expect(keepsFresh(await reader.floors.of(primary, 'dogs'), at(30))).toBe(true);
      primary.release();
      expect(keepsFresh(await knownFloor(reader, primary, 'dogs'), at(30))).toBe(true);
    },
  );

  it('needs the baseline even of a tag that has a floor', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    // Told late: what came before the baseline may have been forgotten.
    await writer.floors.raise(primary, ['cats'], at(3));
    expect(await reader.floors.of(primary, 'cats')).toEqual(at(10));
  });

  it.each([
    ['cut short', '00000001000000000000001'],
    ['too long', '000000010000000000000014000'],
    ['no position', 'ffffffffffffffffffffffzz'],
    ['empty', ''],
  ])('takes a floor that is %s for unknown, also after a raise', async (_, value) => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await server.command('HSET', FLOORS, '#cats', value);
    expect(await reader.floors.of(primary, 'cats')).toBe('primary');
    await writer.floors.raise(primary, ['cats'], at(20));
    expect(await reader.floors.of(primary, 'cats')).toBe('primary');
    expect(await reader.floors.of(primary, 'dogs')).toEqual(at(10));
  });

  it.each([FLOORS, FLOORS_BEFORE])('does without what is no hash under %s', async (key) => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    await server.command('DEL', key);
    await server.command('RPUSH', key, 'poison');
    await writer.floors.raise(primary, ['cats'], primary.advanceTo(at(20)));
    expect(keepsFresh(await reader.floors.of(primary, 'cats'), at(20))).toBe(true);
    expect(await knownFloor(reader, primary, 'cats')).toEqual(at(20));
  });

  it.each(['poison', '?', '00000001000000000000000a'])(
    'replaces a baseline %j that is none',
    async (value) => {
      const reader = await start();
      await server.command('HSET', FLOORS, 'since', value);
      expect(await reader.floors.of(primary, 'cats')).toBe('primary');
      expect(await knownFloor(reader, primary, 'cats')).toEqual(at(10));
    },
  );

  it('keeps all tags apart, and out of the names of keys', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    const tags = [
      'a b',
      'a%20b',
      'a+b',
      'a  b',
      '{x}',
      'x',
      '{s0:x}',
      '{',
      '}',
      '*',
      '%2A',
      '?',
      '[ab]',
      "'",
      '"',
      '\\',
      '/',
      ':',
      's1:x',
      '(',
      ')',
      '!',
      '~',
      '\u00a0',
      '\u200b',
      '\ufeff',
      'caf\u00e9',
      'cafe\u0301',
      '\u0130',
      '\u{1f408}',
      '\u{1f408}\u200d',
      '\u202e',
      'ﬁ',
      'fi',
      'since',
      '#since',
      'at',
      '__proto__',
      'x'.repeat(32),
    ];
    for (const [index, tag] of tags.entries()) {
      await writer.floors.raise(primary, [tag], at(100 + index));
    }
    const floors = await Promise.all(tags.map((tag) => reader.floors.of(primary, tag)));
    expect(floors).toEqual(tags.map((_, index) => at(100 + index)));
    expect(await server.command('KEYS', '*')).toEqual([FLOORS]);
  });

  it('answers more lookups at once than one command takes', async () => {
    const [writer, reader] = [await start(), await start()];
    await knownFloor(reader, primary, 'cats');
    const tags = Array.from({ length: 1_000 }, (_, index) => `tag${index}`);
    await writer.floors.raise(primary, tags, at(20));
    const floors = await Promise.all(tags.map((tag) => reader.floors.of(primary, tag)));
    expect(new Set(floors.map((floor) => floor !== 'primary' && floor.lsn))).toEqual(
      new Set([20n]),
    );
  });
});
