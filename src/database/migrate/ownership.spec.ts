import { describe, expect, it } from '@jest/globals';
import { checkClaims, type Claim } from './ownership.js';

const shard = (name: string, first: number, last: number) => ({
  name,
  buckets: [{ first, last }],
  primaryUrl: '',
  replicaUrls: [],
});
const s0 = shard('s0', 0, 2047);
const s1 = shard('s1', 2048, 4095);
const claim = (buckets: string, settled = true, layoutId = 'a'): Claim => ({
  layoutId,
  buckets,
  settled,
});

describe(checkClaims.name, () => {
  it('accepts databases that own what the configuration gives them', () => {
    const claims = [
      { shard: s0, claim: claim('0-2047') },
      { shard: s1, claim: claim('2048-4095') },
    ];
    expect(checkClaims(claims)).toBe('claimed');
  });

  it('lets new databases be claimed, also after an interruption', () => {
    const unclaimed = { shard: s1, claim: undefined };
    expect(checkClaims([{ shard: s0, claim: undefined }, unclaimed])).toBe('claimable');
    expect(checkClaims([{ shard: s0, claim: claim('0-2047', false) }, unclaimed])).toBe(
      'claimable',
    );
  });

  it('refuses a shard that was added without moving data', () => {
    const claims = [
      { shard: s0, claim: claim('0-4095') },
      { shard: s1, claim: undefined },
    ];
    expect(() => checkClaims(claims)).toThrow('owns buckets 0-4095');
  });

  it('refuses an empty database in the place of a complete one', () => {
    const claims = [
      { shard: s0, claim: claim('0-2047') },
      { shard: s1, claim: undefined },
    ];
    expect(() => checkClaims(claims)).toThrow('Shard s1: its database owns no buckets');
  });

  it('refuses databases of two sets of shards', () => {
    const claims = [
      { shard: s0, claim: claim('0-2047') },
      { shard: s1, claim: claim('2048-4095', true, 'b') },
    ];
    expect(() => checkClaims(claims)).toThrow('another set of shards');
  });
});
