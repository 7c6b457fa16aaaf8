import { CacheServer } from '../../scripts/cache-server.js';
import { compare, type Contender, WARM_UP_ROUNDS } from '../compare.js';
import { ask, type Load } from '../load.js';
import type { BenchService } from '../service.js';
import { StatementCounter } from '../statement-counter.js';
import type { Suite } from '../suite.js';

const TAGS = 100_000;
const MESSAGES = 500_000;
const CONNECTIONS = 32;

/** What was counted in a round. */
interface Round {
  readonly requests: number;
  readonly queries: number;
  readonly lookups: Lookups;
}

interface Lookups {
  readonly hits: number;
  readonly all: number;
}

export const zipf: Suite = {
  name: 'zipf',
  measures: 'a mix of 95 % pages and 5 % posts, 100,000 tags by Zipf’s law, with and without cache',
  async run({ cluster, start, rounds, seconds, onProgress }) {
    const database = { messages: MESSAGES, tags: TAGS };
    const env = await cluster.database('bench_zipf', database, onProgress);
    await using redis = await CacheServer.start();
    await using statements = await StatementCounter.of(env);
    await using cached = await start('service', { ...env, REDIS_URL: redis.url });
    await using uncached = await start('service', { ...env, CACHE: 'off' });
    const load: Load = { kind: 'mix', tags: TAGS, connections: CONNECTIONS, seconds };

    const contender = (name: string, service: BenchService): Contender & { seen: Round[] } => {
      const seen: Round[] = [];
      const measure = async () => {
        const [queriesBefore, lookupsBefore] = [await statements.count(), await lookupsOf(service)];
        const { requests, perSecond } = await ask(service.url, load);
        const lookups = await lookupsOf(service);
        seen.push({
          requests,
          queries: (await statements.count()) - queriesBefore,
          lookups: {
            hits: lookups.hits - lookupsBefore.hits,
            all: lookups.all - lookupsBefore.all,
          },
        });
        return perSecond;
      };
      return { name, measure, seen };
    };

    const subject = contender('cached', cached);
    const against = contender('no cache', uncached);
    const throughput = await compare(
      { name: 'Zipf mix of 100,000 tags', unit: 'requests/s', rounds, onProgress },
      subject,
      against,
    );
    const of = ({ seen }: typeof subject) => totalOf(seen.slice(WARM_UP_ROUNDS));
    const [withCache, withoutCache] = [of(subject), of(against)];
    return [
      throughput,
      {
        name: 'Zipf mix, pages answered from copies',
        value: (100 * withCache.lookups.hits) / withCache.lookups.all,
        unit: '%',
      },
      {
        name: "Zipf mix, PostgreSQL's queries, cached",
        value: (1_000 * withCache.queries) / withCache.requests,
        unit: 'per 1,000 requests',
      },
      {
        name: "Zipf mix, PostgreSQL's queries, no cache",
        value: (1_000 * withoutCache.queries) / withoutCache.requests,
        unit: 'per 1,000 requests',
      },
    ];
  },
};

function totalOf(rounds: readonly Round[]): Round {
  return rounds.reduce((sum, { requests, queries, lookups }) => ({
    requests: sum.requests + requests,
    queries: sum.queries + queries,
    lookups: { hits: sum.lookups.hits + lookups.hits, all: sum.lookups.all + lookups.all },
  }));
}

/** Look-ups of pages, as the service counts them. */
async function lookupsOf({ managementUrl }: BenchService): Promise<Lookups> {
  const answer = await fetch(`${managementUrl}/metrics`);
  if (!answer.ok) throw new Error(`/metrics answers ${answer.status}`);
  const counted = (await answer.text()).matchAll(
    /^messages_cache_lookups_total\{kind="page",outcome="(\w+)"\} (\d+)$/gm,
  );
  let [hits, all] = [0, 0];
  for (const [, outcome, count] of counted) {
    all += Number(count);
    if (outcome === 'hit' || outcome === 'not_modified') hits += Number(count);
  }
  return { hits, all };
}
