import { afterEach, describe, expect, it } from '@jest/globals';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { waitUntil } from '../../scripts/embedded-postgres/wait-until.js';
import type { SheddingConfig } from '../config/index.js';
import { type Pressure, shedLoad } from './load-shedding.js';

const DEADLINE_MS = 20_000;
const NO_LIMITS: SheddingConfig = {
  maxEventLoopDelayMs: 0,
  maxEventLoopUtilization: 0,
  maxHeapShare: 0,
};

const servers: FastifyInstance[] = [];

async function start(limits: Partial<SheddingConfig>) {
  const server: FastifyInstance = new FastifyAdapter().getInstance();
  servers.push(server);
  const shed: Pressure[] = [];
  await shedLoad(server, { ...NO_LIMITS, ...limits }, (pressure) => shed.push(pressure));
  server.get('/', (_request, reply) => reply.send('served'));
  const url = await server.listen({ port: 0, host: '127.0.0.1' });
  return { shed, ask: () => fetch(url) };
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

describe(shedLoad.name, () => {
  it('refuses requests while too much of the heap is used, and tells why', async () => {
    const { ask, shed } = await start({ maxHeapShare: 1e-6 });
    const refused = await waitUntil('a refusal', DEADLINE_MS, async () => {
      const answer = await ask();
      return answer.status !== 200 && answer;
    });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ status: 503, title: 'Service Unavailable' });
    expect(shed).toEqual([{ type: 'heapUsedBytes', value: expect.any(Number) }]);
  });

  it('serves everything where nothing is limited', async () => {
    const { ask, shed } = await start({});
    expect(await (await ask()).text()).toBe('served');
    expect(shed).toEqual([]);
  });
});
