import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConsoleLogger } from '@nestjs/common';
import { ManagementServer } from '../src/management/index.js';
import { get, send } from './harness/http.js';
import { startService, type TestService } from './harness/service.js';

let service: TestService;

beforeAll(async () => {
  service = await startService({ DOCS: 'false' });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe('the management port', () => {
  it('tells that the event loop turns', async () => {
    const answer = await get(service.managementUrl, '/health/live');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'ok' });
    expect(answer.headers.get('cache-control')).toContain('no-store');
  });

  it.each(['/', '/messages?tag=a', '/docs', '/health'])('has nothing at %s', async (path) => {
    const answer = await get(service.managementUrl, path);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.body).toMatchObject({ instance: answer.headers.get('x-request-id') });
  });

  it('answers 405 for another method', async () => {
    const answer = await send(service.managementUrl, { path: '/health/live', body: '{}' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });
});

it.each(['/health', '/health/live', '/health/ready', '/health/startup', '/metrics'])(
  'the public port has nothing at %s',
  async (path) => {
    expect((await get(service.url, path)).status).toBe(404);
  },
);

it.each(['/docs', '/openapi.json', '/openapi.yaml'])(
  'the public port has nothing at %s where DOCS is false',
  async (path) => {
    expect((await get(service.url, path)).status).toBe(404);
  },
);

/** Starts on a port that somebody holds. */
async function startedOnTakenPort(otherPortIfTaken: boolean) {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  try {
    const config = { host: '127.0.0.1', port, otherPortIfTaken };
    const silent = new ConsoleLogger({ logLevels: [] });
    const server = await ManagementServer.start(config, [], silent);
    await server.close();
    return { taken: port, chosen: Number(new URL(server.url).port) };
  } finally {
    holder.close();
  }
}

describe('a management port that is taken', () => {
  it('keeps the service from starting', async () => {
    await expect(startedOnTakenPort(false)).rejects.toThrow('EADDRINUSE');
  });

  it('is another one where nobody has set it', async () => {
    const { taken, chosen } = await startedOnTakenPort(true);
    expect(chosen).not.toBe(taken);
  });
});
