import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate } from '../../src/database/index.js';
import { TestDatabases } from './databases.js';
import { get, post } from './http.js';
import { ServiceProcess } from './service-process.js';

let databases: TestDatabases;

beforeAll(async () => {
  databases = await TestDatabases.create();
  await migrate(databases.config().database, () => undefined);
});

afterAll(async () => {
  await databases[Symbol.asyncDispose]();
});

describe(ServiceProcess.name, () => {
  it('serves, and stops when asked to', async () => {
    await using service = await ServiceProcess.start(databases.env());
    const { body } = await post(service.url, { message: 'x', tag: 'process' });
    expect((await get(service.url, '/messages?tag=process')).body).toEqual([body]);
    expect(await service.stop()).toBe(0);
    expect(service.running).toBe(false);
  });

  it('is killed where it stands', async () => {
    await using service = await ServiceProcess.start(databases.env());
    await service.kill('SIGSTOP');
    await service.kill('SIGKILL');
    expect(service.running).toBe(false);
  });

  it('tells what a service has printed that does not start', async () => {
    await expect(ServiceProcess.start(databases.env({ SHARDS: 's0:0-1' }))).rejects.toThrow(
      'no shard has buckets',
    );
  });

  it('loads another module first', async () => {
    const preload = 'test/harness/no-such-module.mjs';
    await expect(ServiceProcess.start(databases.env(), { preload })).rejects.toThrow(
      'ERR_MODULE_NOT_FOUND',
    );
  });
});
