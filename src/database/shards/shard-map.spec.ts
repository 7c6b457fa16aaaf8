import { describe, expect, it } from '@jest/globals';
import { ShardMap } from './shard-map.js';

const left = { name: 'left', buckets: [{ first: 0, last: 2047 }] };
const right = { name: 'right', buckets: [{ first: 2048, last: 4095 }] };

describe(ShardMap.name, () => {
  it('knows the shard of every bucket', () => {
    const map = new ShardMap([left, right]);
    expect([0, 2047, 2048, 4095].map((bucket) => map.of(bucket).name)).toEqual([
      'left',
      'left',
      'right',
      'right',
    ]);
  });

  it('refuses a map in which a bucket stands nowhere or twice', () => {
    expect(() => new ShardMap([left])).toThrow('no shard has bucket 2048');
    expect(() => new ShardMap([left, right, left])).toThrow('bucket 0 stands in two shards');
  });
});
