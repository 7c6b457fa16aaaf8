import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get, post } from './harness/http.js';
import { ensurePrometheus } from './harness/install-prometheus.js';
import { Issuer } from './harness/issuer.js';
import { scrape } from './harness/scrape.js';
import { startService, type TestService } from './harness/service.js';

const PROMTOOL_MS = 30_000;
const AGGREGATION = '/aggregations/messages?group_by=day&from=2024-01-01&to=2024-01-31';
const REVISION = '0123abcd';

let issuer: Issuer;
let service: TestService;

beforeAll(async () => {
  ensurePrometheus();
  issuer = await Issuer.start();
  service = await startService({ ...issuer.env(), BUILD_REVISION: REVISION });
});

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await issuer?.[Symbol.asyncDispose]();
});

const bearer = async (claims: Record<string, unknown>) => ({
  authorization: `Bearer ${await issuer.token({ claims })}`,
});

describe('GET /metrics on the management port', () => {
  it('passes promtool check metrics', async () => {
    await post(service.url, { message: 'one', tag: 'metrics' });
    await get(service.url, '/messages?tag=metrics');
    const { text } = await scrape(service);
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
      timeout: PROMTOOL_MS,
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });

  it('is in the text format, which is not stored', async () => {
    const { status, headers } = await get(service.managementUrl, '/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('tells the metrics that docs/metrics.md describes, each with its type and labels', async () => {
    const rows = readFileSync('docs/metrics.md', 'utf8').matchAll(
      /^\| `(\w+)` +\| (\w+) +\| (.*?) +\|/gm,
    );
    const described = Array.from(rows, ([, name, type, labels = '']) => ({
      name,
      type,
      labels: Array.from(labels.matchAll(/`(\w+)`/g), ([, label = '']) => label),
    }));
    const told = await scrape(service);
    expect(told.metrics.map(({ name, type }) => `${name} ${type}`)).toEqual(
      described.map(({ name, type }) => `${name} ${type}`).toSorted(),
    );
    for (const { name, labels } of described) {
      // One that has no series yet tells no labels.
      if (told.labelNames(name as string).length > 0) {
        expect({ name, labels: told.labelNames(name as string) }).toEqual({
          name,
          labels: labels.toSorted(),
        });
      }
    }
  });

  it('tells which build answers', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const labels = { version, revision: REVISION, node: process.versions.node };
    expect((await scrape(service)).value('messages_build_info', labels)).toBe(1);
  });

  it('tells the lag of the event loop', async () => {
    expect((await scrape(service)).value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
  });

  it('does not count what is asked on the management port', async () => {
    const before = await scrape(service);
    const after = await scrape(service);
    const count = 'http_server_request_duration_seconds_count';
    expect(after.value(count)).toBe(before.value(count));
  });
});

describe('messages_auth_failures_total', () => {
  it.each<[string, () => Promise<Record<string, string>>]>([
    ['missing', async () => ({})],
    ['malformed', async () => ({ authorization: 'Bearer nonsense' })],
    ['expired', () => bearer({ exp: 1 })],
    ['not_yet_valid', () => bearer({ nbf: Date.now() })],
    ['audience', () => bearer({ aud: 'another' })],
    ['insufficient_scope', () => bearer({ scope: 'another' })],
  ])('rises by one for the reason %s', async (reason, headers) => {
    const failures = async () => (await scrape(service)).series('messages_auth_failures_total');
    const before = await failures();
    const { status } = await get(service.url, AGGREGATION, await headers());
    expect(status).toBe(reason === 'insufficient_scope' ? 403 : 401);
    const series = `messages_auth_failures_total{reason="${reason}"}`;
    expect(await failures()).toEqual(before.set(series, (before.get(series) ?? 0) + 1));
  });
});

it('requests that are turned away for a full queue are counted', async () => {
  await using small = await startService({ DATABASE_QUEUE_LIMIT: '1' });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => post(small.url, { message: 'm', tag: 't' })),
  );
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  const shed = await scrape(small);
  const name = 'messages_requests_shed_total';
  expect(shed.value(name, { reason: 'queue_full' })).toBe(refused.length);
  expect(shed.value(name)).toBe(refused.length);
});
