import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { OverloadedError } from '../errors/index.js';
import {
  continueTrace,
  inRequestContext,
  requestContext,
  servedRequests,
} from '../request-context/index.js';
import { Failed, NextFlight, type NextFlightOptions } from './next-flight.js';

type Outcomes = readonly (string | Failed)[];

interface Flight {
  readonly items: readonly string[];
  land(outcomes?: Outcomes): void;
  crash(error: Error): void;
}

/** Flights that stay in the air until the test lets them land. */
function airport(options: Partial<NextFlightOptions<string, string>> = {}) {
  const flights: Flight[] = [];
  const fly = (items: readonly string[]) =>
    new Promise<Outcomes>((resolve, reject) => {
      const land = (outcomes: Outcomes = items.map((item) => `${item}!`)) => resolve(outcomes);
      flights.push({ items, land, crash: reject });
    });
  const limits = { maxItems: 10, maxFlights: 1, maxWaiting: 100 };
  return { next: new NextFlight<string, string>({ fly, ...limits, ...options }), flights };
}

const itself = (item: string) => item;

afterEach(() => {
  jest.useRealTimers();
});

describe(NextFlight.name, () => {
  it('takes along whoever came in the same turn, and gives each the own outcome', async () => {
    const { next, flights } = airport();
    const all = Promise.all(['a', 'b', 'c'].map((item) => next.join(item)));
    await nextTurn();
    expect(flights.map(({ items }) => items)).toEqual([['a', 'b', 'c']]);
    flights[0]?.land();
    expect(await all).toEqual(['a!', 'b!', 'c!']);
  });

  it('flies for the requests that it carries, and lands each in its own context', async () => {
    const carried: string[][] = [];
    const next = new NextFlight<string, string>({
      fly: async (items) => {
        await nextTurn();
        carried.push(servedRequests().map(({ id }) => id));
        return items;
      },
      maxItems: 10,
      maxFlights: 1,
      maxWaiting: 10,
      keyOf: itself,
    });
    const landed = ['first', 'second', 'third'].map((id, index) =>
      inRequestContext({ id, ...continueTrace(undefined) }, async () => {
        await next.join(['a', 'b', 'a'][index] as string);
        return requestContext()?.id;
      }),
    );
    await next.join('of no request');
    expect(await Promise.all(landed)).toEqual(['first', 'second', 'third']);
    expect(carried).toEqual([['first', 'third', 'second']]);
  });

  it('waits for no timer', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const { next, flights } = airport();
    const joined = next.join('a');
    await nextTurn();
    expect(jest.getTimerCount()).toBe(0);
    flights[0]?.land();
    expect(await joined).toBe('a!');
  });

  it('lets nobody join a flight that has left, even with an equal key', async () => {
    const { next, flights } = airport({ keyOf: itself });
    const first = next.join('a');
    await nextTurn();
    const second = next.join('a');
    flights[0]?.land(['old']);
    expect(await first).toBe('old');
    await turns();
    expect(flights).toHaveLength(2);
    flights[1]?.land(['new']);
    expect(await second).toBe('new');
  });

  it('gives equal keys one place on a flight that has not left', async () => {
    const { next, flights } = airport({ keyOf: itself });
    const all = Promise.all(['a', 'b', 'a'].map((item) => next.join(item)));
    await nextTurn();
    expect(flights[0]?.items).toEqual(['a', 'b']);
    flights[0]?.land();
    expect(await all).toEqual(['a!', 'b!', 'a!']);
  });

  it('gives every caller a place of its own where there is no key', async () => {
    const { next, flights } = airport();
    const all = Promise.all(['a', 'a'].map((item) => next.join(item)));
    await nextTurn();
    expect(flights[0]?.items).toEqual(['a', 'a']);
    flights[0]?.land();
    await all;
  });

  it('has no more flights under way, and no more items on one, than it may', async () => {
    const { next, flights } = airport({ maxItems: 2, maxFlights: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((item) => next.join(item)));
    await turns();
    expect(flights.map(({ items }) => items)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    flights[1]?.land();
    flights[0]?.land();
    await turns();
    expect(flights[2]?.items).toEqual(['e']);
    flights[2]?.land();
    expect(await all).toEqual(['a!', 'b!', 'c!', 'd!', 'e!']);
  });

  it('sends a flight beside another once as many wait as that one carries', async () => {
    const { next, flights } = airport({ maxFlights: 2 });
    const all = ['a', 'b', 'c'].map((item) => next.join(item));
    await turns();
    all.push(next.join('d'), next.join('e'));
    await turns();
    expect(flights).toHaveLength(1);
    all.push(next.join('f'));
    await turns();
    expect(flights[1]?.items).toEqual(['d', 'e', 'f']);
    for (const flight of flights) flight.land();
    expect(await Promise.all(all)).toEqual(['a!', 'b!', 'c!', 'd!', 'e!', 'f!']);
  });

  it('hears new callers while the answers of a large flight are handed out', async () => {
    const { next, flights } = airport({ maxItems: 100 });
    const answered: number[] = [];
    const all = Array.from({ length: 100 }, async (_, item) => {
      await next.join(String(item));
      answered.push(item);
    });
    await nextTurn();
    flights[0]?.land();
    while (answered.length === 0) await nextTurn();
    const later = next.join('later');
    while (flights.length === 1) await nextTurn();
    expect(answered.length).toBeLessThan(100);
    flights[1]?.land();
    expect(await later).toBe('later!');
    await Promise.all(all);
    await next.idle();
    expect(answered).toHaveLength(100);
  });

  it('turns away at once who would be one too many to wait, equal keys counted', async () => {
    const { next, flights } = airport({ maxWaiting: 2, keyOf: itself });
    const waiting = Promise.all([next.join('a'), next.join('a')]);
    await expect(next.join('a')).rejects.toBeInstanceOf(OverloadedError);
    expect(flights).toEqual([]);
    await nextTurn();
    // Those on their way do not wait any more.
    const third = next.join('b');
    flights[0]?.land();
    expect(await waiting).toEqual(['a!', 'a!']);
    await turns();
    flights[1]?.land();
    expect(await third).toBe('b!');
  });

  it('fails an item alone whose outcome is Failed', async () => {
    const { next, flights } = airport();
    const all = Promise.allSettled(['a', 'b'].map((item) => next.join(item)));
    await nextTurn();
    const reason = new Error('refused');
    flights[0]?.land([new Failed(reason), 'fine']);
    expect(await all).toEqual([
      { status: 'rejected', reason },
      { status: 'fulfilled', value: 'fine' },
    ]);
  });

  it('fails everyone on a flight that is lost, and flies on', async () => {
    const { next, flights } = airport();
    const lost = Promise.allSettled(['a', 'b'].map((item) => next.join(item)));
    await nextTurn();
    const later = next.join('c');
    const reason = new Error('lost');
    flights[0]?.crash(reason);
    expect(await lost).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await turns();
    flights[1]?.land();
    expect(await later).toBe('c!');
  });

  it('turns away those who wait when what failed a flight would fail theirs', async () => {
    const reason = new Error('out of reach');
    const { next, flights } = airport({ grounds: (error) => error === reason });
    const lost = next.join('a');
    await nextTurn();
    const grounded = next.join('b');
    flights[0]?.crash(reason);
    await expect(lost).rejects.toBe(reason);
    await expect(grounded).rejects.toBe(reason);
    const later = next.join('c');
    await turns();
    expect(flights.map(({ items }) => items)).toEqual([['a'], ['c']]);
    flights[1]?.land();
    expect(await later).toBe('c!');
  });

  it('fails everyone rather than mix up outcomes when there are too few or too many', async () => {
    const { next, flights } = airport();
    const all = Promise.allSettled(['a', 'b'].map((item) => next.join(item)));
    await nextTurn();
    flights[0]?.land(['only one']);
    for (const outcome of await all) {
      expect(outcome).toMatchObject({ reason: { message: '1 outcomes for 2 items' } });
    }
  });

  it('becomes idle when those who were about to leave are turned away', async () => {
    const { next, flights } = airport({ maxFlights: 2, grounds: () => true });
    const first = next.join('a');
    await nextTurn();
    const second = next.join('b');
    const idle = next.idle();
    flights[0]?.crash(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    await expect(second).rejects.toThrow('gone');
    await idle;
    expect(flights).toHaveLength(1);
  });

  it('is idle once nobody waits and nothing is under way', async () => {
    const { next, flights } = airport({ maxItems: 1 });
    await next.idle();
    const all = Promise.all([next.join('a'), next.join('b')]);
    let idle = false;
    const becomesIdle = next.idle().then(() => (idle = true));
    await turns();
    expect(next.load).toBeGreaterThan(0);
    flights[0]?.land();
    await turns();
    expect(idle).toBe(false);
    flights[1]?.land();
    await all;
    await becomesIdle;
    expect(next.load).toBe(0);
  });
});

/** Long enough for a flight to land and for the next ones to leave. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}
