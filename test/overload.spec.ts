import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { migrate } from '../src/database/index.js';
import { TestDatabases } from './harness/databases.js';
import { type Answer, get, post } from './harness/http.js';
import { whileDoing } from './harness/load.js';
import { scrape } from './harness/scrape.js';
import { ServiceProcess } from './harness/service-process.js';

const DEADLINE_MS = 30_000;
const FLOOD_CLIENTS = 64;
const SHED = 'messages_requests_shed_total';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.create();
  await migrate(databases.config().database, () => undefined);
});

afterAll(async () => {
  await databases[Symbol.asyncDispose]();
});

function expectShed(answer: Answer): void {
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('1');
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.body).toEqual({
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: 'There is more to do at the moment than can be done. Try again later.',
    instance: answer.headers.get('x-request-id'),
  });
}

describe('a process under pressure', () => {
  it('answers 503 with Retry-After in a flood, but for its management port, and recovers', async () => {
    await using service = await ServiceProcess.start(
      databases.env({
        LOG_LEVEL: 'warn',
        // Copies are answered faster than clients in one process can ask.
        CACHE: 'off',
        SHED_EVENT_LOOP_UTILIZATION_PERCENT: '60',
      }),
    );
    const { body: message } = await untilPosted(service.url, 'flood');
    const shed: Answer[] = [];
    const flood = async () => {
      const answer = await get(service.url, '/messages?tag=flood');
      if (answer.status !== 200) shed.push(answer);
    };
    const alive: number[] = [];
    await whileDoing(FLOOD_CLIENTS, flood, async () => {
      await waitUntil('refusals', DEADLINE_MS, () => shed.length > 0);
      const refused = shed.length;
      // Asked again and again, while the public port goes on refusing.
      await waitUntil('more refusals', DEADLINE_MS, async () => {
        const { status } = await get(service.managementUrl, '/health/live');
        alive.push(status);
        return shed.length > refused + FLOOD_CLIENTS;
      });
    });
    for (const answer of shed) expectShed(answer);
    expect(alive).toEqual(alive.map(() => 200));
    const page = await waitUntil('an answer', DEADLINE_MS, async () => {
      const answer = await get(service.url, '/messages?tag=flood');
      return answer.status === 200 && answer;
    });
    expect(page.body).toEqual([message]);
    expect(service.output).toContain('"pressure":"eventLoopUtilization"');
    const counted = (await scrape(service)).value(SHED, { reason: 'pressure' });
    expect(counted).toBeGreaterThanOrEqual(shed.length);
  });

  it('takes no message while its event loop lags, and takes it when it is sent again', async () => {
    await using service = await ServiceProcess.start(
      databases.env({ LOG_LEVEL: 'warn', SHED_EVENT_LOOP_DELAY: '30ms' }),
      { preload: 'test/harness/busy-event-loop.mjs' },
    );
    await untilPosted(service.url, 'before');
    await service.kill('SIGUSR2');
    const refused = await waitUntil('a refusal', DEADLINE_MS, async () => {
      const answer = await post(service.url, { message: 'x', tag: 'lag' });
      return answer.status !== 201 && answer;
    });
    expectShed(refused);
    const { body } = await get(service.url, '/messages?tag=lag');
    expect(body).toMatchObject({ status: 503 });
    await service.kill('SIGUSR2');
    await untilPosted(service.url, 'lag');
    expect(service.output).toContain('"pressure":"eventLoopDelay"');
  });
});

/** Also a process that has just started may be under pressure. */
function untilPosted(url: string, tag: string): Promise<Answer> {
  return waitUntil('a message to be taken', DEADLINE_MS, async () => {
    const answer = await post(url, { message: 'x', tag });
    return answer.status === 201 && answer;
  });
}
