import { compare } from '../compare.js';
import { requestsPerSecond } from '../load.js';
import type { BenchService } from '../service.js';
import type { Suite } from '../suite.js';

const TAGS = 1_000;
const MESSAGES = 500_000;
const CONNECTIONS = 32;

/** What one statement for each request is given: every connection of the pool may be under way. */
const ONE_BY_ONE = { DATABASE_BATCH_SIZE: '1', DATABASE_FLIGHTS: '10' };

export const batching: Suite = {
  name: 'batching',
  measures: 'inserts and pages, many at once and one alone, against one statement for each',
  async run({ cluster, start, rounds, seconds, onProgress }) {
    const database = { messages: MESSAGES, tags: TAGS };
    const env = {
      ...(await cluster.database('bench_batching', database, onProgress)),
      CACHE: 'off',
    };
    await using service = await start('service', env);
    await using oneByOne = await start('service', { ...env, ...ONE_BY_ONE });
    await using findMany = await start('find-many', env);
    const ask = (
      name: string,
      { url }: BenchService,
      kind: 'post' | 'page',
      connections: number,
    ) => ({
      name,
      measure: () => requestsPerSecond(url, { kind, tags: TAGS, connections, seconds }),
    });
    const options = { unit: 'requests/s', rounds, onProgress };
    // Pages come first: inserts make the table another one.
    return [
      await compare(
        { ...options, name: `pages of 50, ${CONNECTIONS} connections, no cache`, atLeast: 3 },
        ask('batched', service, 'page', CONNECTIONS),
        ask('findMany', findMany, 'page', CONNECTIONS),
      ),
      await compare(
        { ...options, name: `inserts, ${CONNECTIONS} connections`, atLeast: 3 },
        ask('batched', service, 'post', CONNECTIONS),
        ask('one by one', oneByOne, 'post', CONNECTIONS),
      ),
      await compare(
        { ...options, name: 'one insert alone', atLeast: 1 / 1.2 },
        ask('batched', service, 'post', 1),
        ask('one by one', oneByOne, 'post', 1),
      ),
      await compare(
        { ...options, name: 'one page alone', atLeast: 1 / 1.2 },
        ask('batched', service, 'page', 1),
        ask('one by one', oneByOne, 'page', 1),
      ),
    ];
  },
};
