import { beforeEach, describe, expect, it } from '@jest/globals';
import { RedisState } from '../redis/index.js';
import { HealthService } from './health.service.js';
import { Lifecycle } from './lifecycle.js';
import type { Part } from './part.js';
import { type Section, StorageHealth } from './storage-health.js';

class Storage extends StorageHealth {
  waitingFor: string | undefined;
  all: Section[] = [];

  opening() {
    return this.waitingFor;
  }

  sections() {
    return this.all;
  }
}

const SINCE = new Date();
const part = (name: string, state: Part['state']): Part => ({
  name,
  state,
  since: SINCE,
  reason: state === 'down' ? 'not answering' : undefined,
});

let lifecycle: Lifecycle;
let storage: Storage;
let redis: RedisState;
const REDIS = { host: 'redis', port: 6379 };
let health: HealthService;

beforeEach(() => {
  [lifecycle, storage, redis] = [new Lifecycle(), new Storage(), new RedisState()];
  health = new HealthService(lifecycle, storage, redis);
  storage.all = ['s0', 's1'].map((name) => ({
    name,
    readable: true,
    parts: [part(`${name} primary`, 'up'), part(`${name} replica 0`, 'up')],
  }));
  redis.note({ kind: 'ready' }, REDIS);
});

const statuses = () =>
  Object.fromEntries(health.readiness().map(({ name, status }) => [name, status]));

describe(HealthService.name, () => {
  it('is neither started nor ready while starting, and says what it waits for', () => {
    storage.waitingFor = 'Shard s0: its primary cannot be reached';
    expect(health.ready).toBe(false);
    const waiting = {
      name: 'service',
      status: 'down',
      detail: { state: 'starting', waitingFor: storage.waitingFor },
    };
    expect(health.startup()).toMatchObject([waiting]);
    expect(health.readiness()).toMatchObject([waiting]);
  });

  it('is ready once it serves, with every part and since when it is so', () => {
    lifecycle.serve();
    expect(health.ready).toBe(true);
    const parts = health.readiness().filter(({ detail }) => detail['state'] === 'up');
    expect(parts.map(({ name }) => name)).toEqual([
      's0 primary',
      's0 replica 0',
      's1 primary',
      's1 replica 0',
      'redis',
    ]);
    for (const { status, detail } of parts) {
      expect(status).toBe('up');
      expect(detail['since']).toBeInstanceOf(Date);
    }
  });

  it('stays started, and is not ready, while it drains', () => {
    lifecycle.serve();
    lifecycle.drain();
    expect(health.ready).toBe(false);
    expect(statuses()).toMatchObject({ service: 'down', storage: 'up' });
    expect(health.startup()).toMatchObject([{ status: 'up', detail: { state: 'draining' } }]);
  });

  it('stays ready with a part lost, which it names', () => {
    lifecycle.serve();
    storage.all[0] = { name: 's0', readable: true, parts: [part('s0 primary', 'down')] };
    redis.note({ kind: 'lost', error: new Error() }, REDIS);
    expect(health.ready).toBe(true);
    expect(statuses()).toMatchObject({
      's0 primary': 'degraded',
      redis: 'degraded',
      storage: 'up',
    });
  });

  it('is not ready when nothing can be read', () => {
    lifecycle.serve();
    storage.all = storage.all.map((section, index) => ({ ...section, readable: index > 0 }));
    expect(health.ready).toBe(true);
    expect(statuses()).toMatchObject({ storage: 'degraded' });
    storage.all = storage.all.map((section) => ({ ...section, readable: false }));
    expect(health.ready).toBe(false);
    expect(statuses()).toMatchObject({ storage: 'down' });
  });
});
