import { compare } from '../compare.js';
import { requestsPerSecond } from '../load.js';
import type { BenchService } from '../service.js';
import type { Suite } from '../suite.js';

const TAGS = 100;
const SMALL = 10_000;
const LARGE = 5_000_000;

export const growth: Suite = {
  name: 'growth',
  measures: 'the cost of a page in a table that is 500 times as large',
  async run({ cluster, start, rounds, seconds, onProgress }) {
    const fill = async (name: string, messages: number) => {
      const env = await cluster.database(name, { messages, tags: TAGS }, onProgress);
      return start('service', { ...env, CACHE: 'off' });
    };
    await using small = await fill('bench_small', SMALL);
    await using large = await fill('bench_large', LARGE);
    const ask = (name: string, { url }: BenchService) => ({
      name,
      measure: () => requestsPerSecond(url, { kind: 'page', tags: TAGS, connections: 32, seconds }),
    });
    return [
      await compare(
        {
          name: `pages of 50 as the table grows`,
          unit: 'requests/s',
          atLeast: 1 / 1.3,
          rounds,
          onProgress,
        },
        ask(`${LARGE} messages`, large),
        ask(`${SMALL} messages`, small),
      ),
    ];
  },
};
