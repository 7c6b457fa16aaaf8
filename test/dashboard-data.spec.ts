import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ruleFiles } from '../scripts/prometheus-rules.js';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { migrate } from '../src/database/index.js';
import { type RuleFile, rules } from './harness/alert-rules.js';
import { panelsWithQueries, queriesOf } from './harness/dashboard.js';
import { TestDatabases } from './harness/databases.js';
import { type Answer, get, post, send } from './harness/http.js';
import { ensurePrometheus } from './harness/install-prometheus.js';
import { Issuer } from './harness/issuer.js';
import { whileDoing } from './harness/load.js';
import { PrometheusServer, type Sample } from './harness/prometheus.js';
import { selectors } from './harness/promql.js';
import { RedisServer } from './harness/redis.js';
import { ServiceProcess } from './harness/service-process.js';

const START_MS = 120_000;
const DEADLINE_MS = 30_000;
const CALLERS = 4;
const MESSAGES_AT_ONCE = 8;
const PAGE = 10;
const VARIABLES = { rateInterval: '10s', namespace: '.*', instance: '.*' };
const AGGREGATION = '/aggregations/messages?group_by=day&from=2024-01-01&to=2024-01-31';

/** Those that tell of the load: its labels are what the panel looks for, or there is nothing. */
const MOVING = [
  'Ready pods',
  'Requests',
  'Versions',
  'Requests by route',
  'Answers by status class',
  'Duration by route: median',
  'Duration of GETs of messages',
  'Cache hit rate',
  'Cache lookups by outcome',
  'Page reads by source',
  'Page reads by shard',
  'Redis is asked',
  'Floors',
  'Replicas',
  'Primaries',
  'Statements',
  'Batch size: mean',
  'Connections',
  'CPU',
  'Memory',
  'Access refused',
];

/** Ended last to first. */
const started: AsyncDisposable[] = [];
let prometheus: PrometheusServer;

function use<T extends AsyncDisposable>(resource: T): T {
  started.push(resource);
  return resource;
}

beforeAll(async () => {
  ensurePrometheus();
  const databases = use(await TestDatabases.create());
  const redis = use(await RedisServer.start());
  const issuer = use(await Issuer.start());
  const env = databases.env({
    ...issuer.env(),
    REDIS_URL: redis.url,
    // A machine that is busy must not count as a server that fails.
    REDIS_TIMEOUT_MS: '5000',
    REPLICA_TIMEOUT_MS: '5000',
    SHED_EVENT_LOOP_DELAY: '0',
  });
  await migrate(databases.config().database, () => undefined);
  const service = use(await ServiceProcess.start(env));
  prometheus = use(
    await PrometheusServer.start({
      job: 'messages',
      targets: [new URL(service.managementUrl).host],
      rules: ruleFiles().map(withoutIntervals),
      intervalSeconds: 1,
    }),
  );
  const token = await issuer.token();
  const over = new AbortController();
  const loading = whileDoing(
    CALLERS,
    (caller) => load(service.url, `tag${caller}`, token),
    () => once(over.signal, 'abort'),
  );
  use({
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await loading;
    },
  });
}, START_MS);

afterAll(async () => {
  for (const resource of started.toReversed()) await resource[Symbol.asyncDispose]();
});

/** Groups that are evaluated once in minutes would be waited for as long. */
function withoutIntervals(path: string): unknown {
  const { groups } = parse(readFileSync(path, 'utf8')) as RuleFile;
  return { groups: groups.map(({ name, rules }) => ({ name, rules })) };
}

async function expectStatus(wanted: number, answer: Promise<Answer>): Promise<unknown> {
  const { status, body } = await answer;
  if (status !== wanted) throw new Error(`answered ${status} instead of ${wanted}`);
  return body;
}

/** Every kind of request once, each with the answer that it ought to get. */
async function load(url: string, tag: string, token: string): Promise<void> {
  const page = `/messages?tag=${tag}&limit=${PAGE}`;
  const posts = Array.from({ length: MESSAGES_AT_ONCE }, () =>
    expectStatus(201, post(url, { message: 'x', tag })),
  );
  const [posted] = (await Promise.all(posts)) as { id: string }[];
  const id = posted?.id;
  await expectStatus(200, get(url, page));
  await expectStatus(200, get(url, page));
  await expectStatus(200, get(url, `${page}&cursor=${id}`));
  await expectStatus(200, get(url, `/messages/${id}`));
  await expectStatus(200, get(url, AGGREGATION, { authorization: `Bearer ${token}` }));
  await expectStatus(401, get(url, AGGREGATION));
  await expectStatus(404, get(url, '/nothing'));
  await expectStatus(400, send(url, { body: '{}' }));
}

/** Waits for the query to answer with numbers; `found` says which ones will do. */
async function untilAnswered(query: string, found: (value: number) => boolean): Promise<void> {
  let last: Sample[] = [];
  try {
    await waitUntil('data', DEADLINE_MS, async () => {
      last = await prometheus.query(query);
      return last.some(({ value }) => Number.isFinite(value) && found(value));
    });
  } catch (error) {
    throw new Error(`${query} answers ${JSON.stringify(last)}`, { cause: error });
  }
}

describe('with a Prometheus that scrapes the service', () => {
  it.each(panelsWithQueries.map((panel) => [panel.title, panel] as const))(
    'the panel "%s" shows data',
    async (title, panel) => {
      const wanted = MOVING.includes(title) ? (value: number) => value > 0 : () => true;
      for (const query of queriesOf(panel, VARIABLES)) await untilAnswered(query, wanted);
    },
  );

  it('the titles of panels that move are those of panels', () => {
    const titles = panelsWithQueries.map(({ title }) => title);
    expect(titles).toEqual(expect.arrayContaining(MOVING));
  });

  it('everything that rules and panels select is there, labels included', async () => {
    const queries = [
      ...rules().map(({ expr }) => expr),
      ...panelsWithQueries.flatMap((panel) => queriesOf(panel, VARIABLES)),
    ];
    for (const selector of new Set(queries.flatMap(selectors))) {
      await untilAnswered(`count(${selector})`, () => true);
    }
  });

  it('no alert on a part of it is near firing', async () => {
    const alerts =
      'ALERTS{alertname=~"Messages(NoReadyPods|Primary|Replica|Shard|Cache|Floors|Pool).*"}';
    let near: Sample[] = [];
    await waitUntil('alerts to end', DEADLINE_MS, async () => {
      near = await prometheus.query(alerts);
      return near.length === 0;
    }).catch(() => undefined);
    expect(near).toEqual([]);
  });
});
