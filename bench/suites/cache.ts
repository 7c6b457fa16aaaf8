import { CacheServer } from '../../scripts/cache-server.js';
import { type Comparison, compare } from '../compare.js';
import { type Load, requestsPerSecond } from '../load.js';
import type { BenchService, Program } from '../service.js';
import type { Suite, SuiteContext } from '../suite.js';

const TAGS = 1_000;
const MESSAGES = 100_000;
const CONNECTIONS = 32;

/** As in production: a line for each request, and metrics. */
const LOGGED = { LOG_LEVEL: 'info' };

export const cache: Suite = {
  name: 'cache',
  measures: 'pages from Redis, logged and counted, against a bare server and against findMany',
  async run({ cluster, start, rounds, seconds, onProgress }: SuiteContext): Promise<Comparison[]> {
    const database = { messages: MESSAGES, tags: TAGS };
    const env = await cluster.database('bench_cache', database, onProgress);
    await using redis = await CacheServer.start();
    const redisEnv = { ...env, REDIS_URL: redis.url };
    await using service = await start('service', { ...redisEnv, ...LOGGED });
    const silent = { ...redisEnv, LOG_LEVEL: 'silent' };
    await using unobserved = await start('unobserved', silent);
    await using bare = await start('bare-http', { BENCH_PAGES_OF: service.url });
    await using findMany = await start('find-many', { ...env, CACHE: 'off' });
    const ask = (name: Program | 'cached', { url }: BenchService, tags: number) => ({
      name,
      measure: () => {
        const load: Load = { kind: 'page', tags, connections: CONNECTIONS, seconds };
        return requestsPerSecond(url, load);
      },
    });
    const options = { unit: 'requests/s', rounds, onProgress };
    return [
      await compare(
        { ...options, name: 'cached pages of 50, all tags', atLeast: 0.35 },
        ask('cached', service, TAGS),
        ask('bare-http', bare, TAGS),
      ),
      await compare(
        { ...options, name: 'cached pages of 50, one tag', atLeast: 0.45 },
        ask('cached', service, 1),
        ask('bare-http', bare, 1),
      ),
      await compare(
        { ...options, name: 'cached pages of 50 against no cache', atLeast: 6 },
        ask('cached', service, TAGS),
        ask('find-many', findMany, TAGS),
      ),
      await compare(
        { ...options, name: 'cached pages, logs and metrics on', atLeast: 0.75 },
        ask('cached', service, TAGS),
        ask('unobserved', unobserved, TAGS),
      ),
    ];
  },
};
