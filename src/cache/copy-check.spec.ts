import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Copy } from './copy.js';
import { CopyCheck } from './copy-check.js';
import type { Demand, TagPlace } from './freshness.js';

const INTERVAL_MS = 10_000;
const SETTLE_MS = 2_000;
const REQUEST = { tag: 'a', limit: 50 };
const COPY: Copy = { body: Buffer.from('["old"]'), asOf: 'v1', etag: 'e', next: undefined };

let stored: () => Promise<string>;
let version: string;
let outcomes: string[];
let reads: number;

const place: TagPlace = {
  shard: 's0',
  prefix: 'prefix',
  demand: (_token, then) => {
    const asOf = version;
    then({ asOf, isMetBy: (of) => of === asOf } satisfies Demand);
  },
  readStored: () => {
    reads++;
    return stored();
  },
};

function checkEvery(intervalMs: number): CopyCheck {
  return new CopyCheck({
    intervalMs,
    settleMs: SETTLE_MS,
    onChecked: (outcome) => outcomes.push(outcome),
  });
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  [version, outcomes, reads] = ['v1', [], 0];
  stored = async () => '["old"]';
});

afterEach(() => {
  jest.useRealTimers();
});

/** Serves the copy when a check is due, and lets that come to its end. */
async function checkOnce(check: CopyCheck): Promise<void> {
  jest.advanceTimersByTime(INTERVAL_MS);
  check.served(place, REQUEST, COPY);
  await nextTurn();
  jest.advanceTimersByTime(SETTLE_MS);
  await nextTurn();
}

describe(CopyCheck.name, () => {
  it('finds a copy that shows what is stored the same', async () => {
    await checkOnce(checkEvery(INTERVAL_MS));
    expect(outcomes).toEqual(['same']);
  });

  it('finds a copy different that lacks something and would serve still', async () => {
    stored = async () => '["new","old"]';
    await checkOnce(checkEvery(INTERVAL_MS));
    expect(outcomes).toEqual(['different']);
  });

  it('blames no copy for a message that is acknowledged only afterwards', async () => {
    stored = async () => '["new","old"]';
    const check = checkEvery(INTERVAL_MS);
    jest.advanceTimersByTime(INTERVAL_MS);
    check.served(place, REQUEST, COPY);
    await nextTurn();
    expect(outcomes).toEqual([]);
    version = 'v2';
    jest.advanceTimersByTime(SETTLE_MS);
    await nextTurn();
    expect(outcomes).toEqual(['changed']);
  });

  it('fails nobody when what is stored cannot be read', async () => {
    stored = async () => Promise.reject(new Error('gone'));
    await checkOnce(checkEvery(INTERVAL_MS));
    expect(outcomes).toEqual(['failed']);
  });

  it('checks one copy in each interval, however many serve', async () => {
    const check = checkEvery(INTERVAL_MS);
    check.served(place, REQUEST, COPY);
    expect(reads).toBe(0);
    for (let round = 1; round <= 3; round++) {
      await checkOnce(check);
      for (let n = 0; n < 100; n++) check.served(place, REQUEST, COPY);
      expect(reads).toBe(round);
    }
    expect(outcomes).toEqual(['same', 'same', 'same']);
  });

  it('checks nothing where it is turned off', async () => {
    await checkOnce(checkEvery(0));
    expect(reads).toBe(0);
  });
});
