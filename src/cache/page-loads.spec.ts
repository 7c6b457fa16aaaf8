import { describe, expect, it } from '@jest/globals';
import { Copies } from './copies.js';
import { memoryCache } from './create-cache.js';
import type { Demand } from './freshness.js';
import { Leases, NoLeases } from './leases.js';
import { PageLoads } from './page-loads.js';

const OPTIONS = { pageTtlMs: 10_000, lastingTtlMs: 10_000 };

const demandOf = (version: string): Demand => ({
  asOf: version,
  isMetBy: (asOf) => asOf === version,
});

/** Loads that are answered when the test says so. */
class Store {
  readonly started: ((json: string) => void)[] = [];
  readonly load = () =>
    new Promise<{ json: string; next: undefined }>((resolve) => {
      this.started.push((json) => resolve({ json, next: undefined }));
    });

  async answer(index: number, json: string): Promise<void> {
    while (!this.started[index]) await new Promise((resolve) => setImmediate(resolve));
    this.started[index](json);
  }
}

function newLoads(leases: Leases = new NoLeases()) {
  const copies = new Copies(memoryCache(1_000_000), { timeoutMs: 5_000 });
  return { copies, loads: new PageLoads(copies, leases, OPTIONS), store: new Store() };
}

const failing = () => Promise.reject(new Error('away'));

const textOf = async (page: Promise<{ body: Buffer }>) => (await page).body.toString();

describe(PageLoads, () => {
  it('loads a page once for all who want it as new as it comes', async () => {
    const { loads, store } = newLoads();
    const pages = Array.from({ length: 10 }, () =>
      loads.page(loads.wanted('key', 's0', demandOf('v1'), false), store.load),
    );
    await store.answer(0, '[1]');
    expect(await Promise.all(pages.map(textOf))).toEqual(Array(10).fill('[1]'));
    expect(store.started).toHaveLength(1);
  });

  it('loads again for whoever wants a newer one, and gives nobody else an older one', async () => {
    const { loads, store } = newLoads();
    const older = loads.page(loads.wanted('key', 's0', demandOf('v1'), false), store.load);
    const newer = [1, 2].map(() =>
      loads.page(loads.wanted('key', 's0', demandOf('v2'), false), store.load),
    );
    await store.answer(0, '[1]');
    expect(await textOf(older)).toBe('[1]');
    await store.answer(1, '[2]');
    expect(await Promise.all(newer.map(textOf))).toEqual(['[2]', '[2]']);
    expect(store.started).toHaveLength(2);
  });

  it('lets nobody who has a token join a load that knows nothing of it', async () => {
    const { loads, store } = newLoads();
    const unknown: Demand = { asOf: undefined, isMetBy: () => false };
    const first = loads.page(loads.wanted('key', 's0', unknown, false), store.load);
    const second = loads.page(loads.wanted('key', 's0', unknown, true), store.load);
    await store.answer(0, '[1]');
    await first;
    await store.answer(1, '[2]');
    expect(await textOf(second)).toBe('[2]');
  });

  it('leaves no copy of what it does not know how new it is', async () => {
    const { copies, loads, store } = newLoads();
    const unknown: Demand = { asOf: undefined, isMetBy: () => false };
    const page = loads.page(loads.wanted('key', 's0', unknown, false), store.load);
    await store.answer(0, '[1]');
    await page;
    expect(await copies.find('key')).toBeUndefined();
  });

  it('fails everybody who waits for a load that fails, and loads again for the next', async () => {
    const { loads, store } = newLoads();
    const wanted = () => loads.wanted('key', 's0', demandOf('v1'), false);
    const pages = [loads.page(wanted(), failing), loads.page(wanted(), failing)];
    const results = await Promise.allSettled(pages);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const page = loads.page(wanted(), store.load);
    await store.answer(0, '[1]');
    expect(await textOf(page)).toBe('[1]');
  });

  it('takes what another process fills, and loads itself if that does not come', async () => {
    class Held extends Leases {
      take = () => Promise.resolve(false);
    }
    const { copies, loads, store } = newLoads(new Held());
    const filled = loads.page(loads.wanted('key', 's0', demandOf('v1'), false), store.load);
    const body = Buffer.from('[9]');
    copies.put('key', { body, asOf: 'v1', etag: 'e', next: undefined }, 10_000);
    expect(await textOf(filled)).toBe('[9]');
    const alone = loads.page(loads.wanted('other', 's0', demandOf('v1'), false), store.load);
    await store.answer(0, '[1]');
    expect(await textOf(alone)).toBe('[1]');
  });
});
