import { describe, expect, it } from '@jest/globals';
import { CONSISTENCY_TOKEN } from '../../messages/consistency-token.js';
import { floorWith, tokenOf } from './consistency-token.js';

const SHARD = '0123456789ab';
const floor = { timeline: 1, lsn: 100n };

describe(floorWith.name, () => {
  it('raises the floor to the position of the token', () => {
    const token = tokenOf(SHARD, { timeline: 2, lsn: 50n });
    expect(token).toMatch(CONSISTENCY_TOKEN);
    expect(floorWith(token, SHARD, floor)).toEqual({ timeline: 2, lsn: 100n });
    expect(floorWith(tokenOf(SHARD, { timeline: 1, lsn: 200n }), SHARD, floor)).toEqual({
      timeline: 1,
      lsn: 200n,
    });
  });

  it('leaves the floor as it is without a token', () => {
    expect(floorWith(undefined, SHARD, floor)).toBe(floor);
    expect(floorWith(undefined, SHARD, 'primary')).toBe('primary');
  });

  it('trusts only the primary with a token of another shard or layout', () => {
    expect(floorWith(tokenOf('ba9876543210', floor), SHARD, floor)).toBe('primary');
  });
});
