import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { memoryCache } from './create-cache.js';

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string } | undefined>>;
}

const value = (length: number) => Buffer.alloc(length, 'x');

describe('keyv', () => {
  it('is there once, of the major version that cache-manager works with', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;
    const versions = Object.entries(packages)
      .filter(([path]) => path.endsWith('node_modules/keyv'))
      .map(([, entry]) => entry?.version);
    // Nothing would complain of version 6, which does not fit.
    expect(versions).toEqual([expect.stringMatching(/^5\./)]);
  });
});

describe(memoryCache.name, () => {
  it('gives back the very bytes, and lets go of what was not used for longest', async () => {
    const cache = memoryCache(10_000)('any');
    await cache.set('a', value(4_000), 60_000);
    await cache.set('b', value(4_000), 60_000);
    expect(await cache.get('a')).toEqual(value(4_000));
    await cache.set('c', value(4_000), 60_000);
    const there = (await cache.mget<Buffer>(['a', 'b', 'c'])).map((bytes) => bytes?.length);
    expect(there).toEqual([4_000, undefined, 4_000]);
  });
});
