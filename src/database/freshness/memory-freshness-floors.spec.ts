import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { FloorSource } from './freshness-floors.js';
import { MemoryFreshnessFloors } from './memory-freshness-floors.js';
import { covers, type Position } from './position.js';

const TTL_MS = 1_000;
const at = (lsn: number, timeline = 1): Position => ({ timeline, lsn: BigInt(lsn) });

/** A primary that is at a position, or cannot be reached while it has none. */
class Primary implements FloorSource {
  asked = 0;
  position: Position | undefined = at(10);

  constructor(readonly id = 's0') {}

  currentPosition(): Promise<Position> {
    this.asked++;
    return this.position ? Promise.resolve(this.position) : Promise.reject(new Error('is away'));
  }
}

function newFloors({ maxEntries = 100 } = {}) {
  const clock = { ms: 0 };
  const floors = new MemoryFreshnessFloors({ ttlMs: TTL_MS, maxEntries, now: () => clock.ms });
  return { floors, clock };
}

/** Floors that know already where the primary was. */
async function newKnownFloors(source: FloorSource, options = {}) {
  const created = newFloors(options);
  await created.floors.of(source, 'any');
  await nextTurn();
  return created;
}

describe(MemoryFreshnessFloors.name, () => {
  it('trusts only the primary until it has said where it was, and does not wait for it', async () => {
    const { floors } = newFloors();
    const primary = new Primary();
    expect(await floors.of(primary, 'cats')).toBe('primary');
    await nextTurn();
    expect(await floors.of(primary, 'cats')).toEqual(at(10));
    expect(primary.asked).toBe(1);
  });

  it('asks a primary that could not be reached again, one question at a time', async () => {
    const { floors } = newFloors();
    const primary = new Primary();
    primary.position = undefined;
    await Promise.all([floors.of(primary, 'cats'), floors.of(primary, 'dogs')]);
    expect(primary.asked).toBe(1);
    await nextTurn();
    primary.position = at(10);
    expect(await floors.of(primary, 'cats')).toBe('primary');
    await nextTurn();
    expect(await floors.of(primary, 'cats')).toEqual(at(10));
    expect(primary.asked).toBe(2);
  });

  it('has a raised floor from the moment that raise was called', async () => {
    const primary = new Primary();
    const { floors } = await newKnownFloors(primary);
    const raised = floors.raise(primary, ['cats', 'dogs'], at(20));
    expect(floors.raised(primary, 'cats')).toEqual(at(20));
    expect(await floors.of(primary, 'dogs')).toEqual(at(20));
    expect(await floors.of(primary, 'birds')).toEqual(at(10));
    await raised;
  });

  it('never lowers a floor, and joins what is greater in one part each', async () => {
    const primary = new Primary();
    const { floors } = await newKnownFloors(primary);
    await floors.raise(primary, ['cats'], at(20, 2));
    await floors.raise(primary, ['cats'], at(15, 1));
    expect(await floors.of(primary, 'cats')).toEqual(at(20, 2));
    await floors.raise(primary, ['cats'], at(30, 1));
    expect(await floors.of(primary, 'cats')).toEqual(at(30, 2));
  });

  it('keeps the shards apart', async () => {
    const [one, other] = [new Primary('s0'), new Primary('s1')];
    const { floors } = await newKnownFloors(one);
    await floors.raise(one, ['cats'], at(20));
    await floors.of(other, 'cats');
    await nextTurn();
    expect(await floors.of(other, 'cats')).toEqual(at(10));
  });

  it('keeps a floor for its time at least, and not for ever', async () => {
    const primary = new Primary();
    const { floors, clock } = await newKnownFloors(primary);
    clock.ms = TTL_MS - 1;
    await floors.raise(primary, ['cats'], at(20));
    clock.ms += TTL_MS;
    expect(await floors.of(primary, 'cats')).toEqual(at(20));
    clock.ms += TTL_MS;
    await floors.of(primary, 'dogs');
    clock.ms += TTL_MS;
    expect(await floors.of(primary, 'cats')).toEqual(at(10));
  });

  it('keeps the floor of a tag that is written again and again', async () => {
    const primary = new Primary();
    const { floors, clock } = await newKnownFloors(primary);
    for (let lsn = 20; lsn < 40; lsn++) {
      await floors.raise(primary, ['cats'], at(lsn));
      clock.ms += TTL_MS / 3;
      expect(await floors.of(primary, 'cats')).toEqual(at(lsn));
    }
  });

  it('forgets no floor before its time, however many there are', async () => {
    const primary = new Primary();
    const { floors } = await newKnownFloors(primary, { maxEntries: 10 });
    const tags = Array.from({ length: 100 }, (_, index) => `tag${index}`);
    for (const [index, tag] of tags.entries()) await floors.raise(primary, [tag], at(20 + index));
    for (const [index, tag] of tags.entries()) {
      const floor = await floors.of(primary, tag);
      expect(floor !== 'primary' && covers(floor, at(20 + index))).toBe(true);
    }
    // A tag that was never written needs no more than what had to be folded.
    expect(await floors.of(primary, 'other')).toEqual(at(20 + 79));
  });

  it('asks the primary anew when told to', async () => {
    const primary = new Primary();
    const { floors } = await newKnownFloors(primary);
    primary.position = at(50);
    floors.renewBaselines();
    expect(await floors.of(primary, 'cats')).toBe('primary');
    await nextTurn();
    expect(await floors.of(primary, 'cats')).toEqual(at(50));
  });

  it('takes no answer that was asked for before it was told to ask anew', async () => {
    const primary = new Primary();
    const { floors } = newFloors();
    const before = floors.of(primary, 'cats');
    floors.renewBaselines();
    expect(await before).toBe('primary');
    primary.position = at(50);
    await nextTurn();
    expect(await floors.of(primary, 'cats')).toBe('primary');
    await nextTurn();
    expect(await floors.of(primary, 'cats')).toEqual(at(50));
    expect(primary.asked).toBe(2);
  });
});
