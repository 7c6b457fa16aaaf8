import { describe, expect, it } from '@jest/globals';
import { OverloadedError, UnavailableError } from '../../errors/index.js';
import type { Flight } from '../flight.js';
import type { PrismaClient } from '../generated/client.js';
import type { Source } from '../replicas/source.js';
import { ReadFlights, type Route } from './read-flights.js';

const limits = { maxItems: 10, maxFlights: 1, maxWaiting: 3 };

function source(name: string): Source {
  // What a flight does with the client is up to the test.
  const client = {} as PrismaClient;
  return { name, role: 'replica', client, load: 0, whileAnswering: (work) => work };
}

const first = source('first');
const second = source('second');
const firstThenSecond: Route = (except) => (except === first ? second : first);

/** Sources answer their name and the item, unless they have an error to throw. */
function flightsWhere(
  errors: ReadonlyMap<Source, Error>,
  flown: string[] = [],
  landed: Flight[] = [],
) {
  return new ReadFlights<string, string>({
    operation: 'pages',
    carry: async (to, items) => {
      flown.push(`${to.name}: ${items.join(',')}`);
      const error = errors.get(to);
      if (error) throw error;
      return items.map((item) => `${to.name} ${item}`);
    },
    keyOf: (item) => item,
    limits,
    onFlight: (flight) => landed.push(flight),
  });
}

describe(ReadFlights.name, () => {
  it('sends reads that come at once as one, equal ones once', async () => {
    const flown: string[] = [];
    const flights = flightsWhere(new Map(), flown);
    const reads = ['a', 'b', 'a'].map((item) => flights.read(item, firstThenSecond));
    expect(await Promise.all(reads)).toEqual(
      ['first a', 'first b', 'first a'].map((result) => ({ result, source: first })),
    );
    expect(flown).toEqual(['first: a,b']);
  });

  it('asks another source when the first cannot serve, and tells which one answered', async () => {
    const flights = flightsWhere(new Map([[first, new UnavailableError('gone', 1)]]));
    expect(await flights.read('a', firstThenSecond)).toEqual({
      result: 'second a',
      source: second,
    });
    expect([first.load, second.load]).toEqual([0, 0]);
  });

  it('tells of every flight once it has landed, also of one that failed', async () => {
    const landed: Flight[] = [];
    const errors = new Map([[first, new UnavailableError('gone', 1)]]);
    const flights = flightsWhere(errors, [], landed);
    await Promise.all(['a', 'b', 'a'].map((item) => flights.read(item, firstThenSecond)));
    const flight = { operation: 'pages', items: 2, durationMs: expect.any(Number) };
    expect(landed).toEqual([
      { ...flight, server: first, failed: true },
      { ...flight, server: second, failed: false },
    ]);
  });

  it('asks no third, and says what the last one said', async () => {
    const flights = flightsWhere(
      new Map([
        [first, new UnavailableError('gone', 1)],
        [second, new UnavailableError('gone too', 1)],
      ]),
    );
    await expect(flights.read('a', firstThenSecond)).rejects.toThrow('gone too');
    const alone: Route = (except) => (except === undefined ? first : undefined);
    await expect(flights.read('a', alone)).rejects.toThrow('gone');
  });

  it('asks nobody else when the fault is in the question', async () => {
    const flown: string[] = [];
    const flights = flightsWhere(new Map([[first, new Error('syntax error')]]), flown);
    await expect(flights.read('a', firstThenSecond)).rejects.toThrow('syntax error');
    expect(flown).toEqual(['first: a']);
  });

  it('turns away who would wait beyond the bound, without troubling another source', async () => {
    const flights = flightsWhere(new Map());
    const reads = ['a', 'b', 'c', 'd'].map((item) => flights.read(item, firstThenSecond));
    const outcomes = await Promise.allSettled(reads);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
    expect(outcomes[3]).toMatchObject({ reason: expect.any(OverloadedError) });
    expect(first.load).toBe(0);
  });
});
