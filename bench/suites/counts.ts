import { developmentToken } from '../../scripts/development-token.js';
import { readAuthConfig } from '../../src/config/index.js';
import { type Comparison, compare, type Contender } from '../compare.js';
import { connectedTo } from '../database.js';
import type { BenchService } from '../service.js';
import type { Suite, SuiteContext } from '../suite.js';

const TAGS = 1_000;
const LARGE = 10_000_000;
const SMALL = 100_000;
const YEARS_MS = 5 * 365.25 * 86_400_000;
const AUTH = { JWT_DEVELOPMENT_SECRET: 'for measurements, on loopback, for minutes' };

/** The five years and more that the messages are of. */
const RANGE = 'from=2020-01-01&to=2026-12-31';
const BY_MONTH = `messages?group_by=month&${RANGE}`;
const BUSIEST = `tags?${RANGE}&limit=20`;

const PLAIN_BY_MONTH = `
SELECT date_trunc('month', uuid_extract_timestamp(id) AT TIME ZONE 'UTC') AS month, count(*)
  FROM messages
 GROUP BY 1
 ORDER BY 1`;
const PLAIN_BUSIEST =
  'SELECT tag, count(*) FROM messages GROUP BY tag ORDER BY 2 DESC, tag LIMIT 20';

export const counts: Suite = {
  name: 'counts',
  measures: 'counts of 10 million messages against GROUP BY',
  run,
};

async function run({
  cluster,
  start,
  rounds,
  seconds,
  onProgress,
}: SuiteContext): Promise<Comparison[]> {
  const fill = (name: string, messages: number) =>
    cluster.database(
      name,
      { messages, tags: TAGS, spacingMs: Math.floor(YEARS_MS / messages) },
      onProgress,
    );
  const largeEnv = await fill('bench_counts_large', LARGE);
  const smallEnv = await fill('bench_counts_small', SMALL);
  await using large = await start('service', { ...largeEnv, ...AUTH });
  await using small = await start('service', { ...smallEnv, ...AUTH });
  await using plain = await connectedTo(largeEnv);
  const token = await developmentToken(readAuthConfig(AUTH), {
    sub: 'bench',
    scope: 'aggregations:read',
    ttlSeconds: 3_600,
  });
  const ask = (name: string, { url }: BenchService, path: string): Contender => ({
    name,
    measure: () =>
      inTurn(seconds, async () => {
        const headers = { authorization: `Bearer ${token}` };
        const answer = await fetch(`${url}/aggregations/${path}`, { headers });
        if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
        await answer.arrayBuffer();
      }),
  });
  const query = (sql: string): Contender => ({
    name: 'GROUP BY',
    measure: () => inTurn(seconds, async () => void (await plain.query(sql))),
  });
  const options = { unit: 'answers/s', rounds, onProgress };
  return [
    await compare(
      { ...options, name: 'by month, 10 million messages, five years', atLeast: 100 },
      ask('counted', large, BY_MONTH),
      query(PLAIN_BY_MONTH),
    ),
    await compare(
      { ...options, name: 'by month, as messages grow', atLeast: 1 / 1.5 },
      ask(`${LARGE} messages`, large, BY_MONTH),
      ask(`${SMALL} messages`, small, BY_MONTH),
    ),
    await compare(
      { ...options, name: 'the busiest of 1,000 tags, five years', atLeast: 10 },
      ask('counted', large, BUSIEST),
      query(PLAIN_BUSIEST),
    ),
  ];
}

/** One after the other; how many in a second. */
async function inTurn(seconds: number, once: () => Promise<void>): Promise<number> {
  const start = performance.now();
  for (let done = 1; ; done++) {
    await once();
    const elapsed = (performance.now() - start) / 1_000;
    if (elapsed >= seconds) return done / elapsed;
  }
}
