import { describe, expect, it } from '@jest/globals';
import { type ClusterView, mergeViews, parseView, SLOTS } from './cluster-topology.js';

const HALF = SLOTS / 2;

/** A view of node `id` in which masters have so many slots in a row, each by its epoch. */
function view(id: string, ...shares: readonly [master: string, slots: number, epoch: number][]) {
  let first = 0;
  const ranges = shares.map(([master, slots, epoch]) => {
    const address = { host: master, port: 6379 };
    const range = { first, last: first + slots - 1, master: { id: master, address }, epoch };
    first += slots;
    return range;
  });
  return { id, ranges } satisfies ClusterView;
}

const before = (id: string) => view(id, ['a', HALF, 1], ['b', HALF, 2]);
const after = (id: string) => view(id, ['new', HALF, 3], ['b', HALF, 2]);
const three = (id: string) => view(id, ['a', 100, 1], ['b', 100, 2], ['c', SLOTS - 200, 3]);

const ownersOf = (views: ClusterView[]) => {
  const { owners } = mergeViews(views);
  return [owners[0]?.id, owners[SLOTS - 1]?.id];
};

describe(mergeViews.name, () => {
  it('believes the later election, whoever tells of it', () => {
    expect(ownersOf([before('a'), after('b'), after('new')])).toEqual(['new', 'b']);
    expect(ownersOf([after('new'), after('b'), before('a')])).toEqual(['new', 'b']);
  });

  it('needs the word of most masters', () => {
    expect(() => mergeViews([three('a')])).toThrow('only 1 of 3 masters');
    expect(() => mergeViews([three('a'), three('a')])).toThrow('only 1 of 3');
    expect(() => mergeViews([three('a'), three('replica')])).toThrow('only 1 of 3');
    expect(mergeViews([three('a'), three('c')]).masters).toHaveLength(3);
  });

  it('leaves slots to nobody that nobody claims', () => {
    expect(ownersOf([view('a', ['a', HALF, 1])])).toEqual(['a', undefined]);
    expect(() => mergeViews([])).toThrow('only 0 of 0');
  });
});

describe(parseView.name, () => {
  const nodes = [
    'aa 10.0.0.1:6379@16379 myself,master - 0 1 7 connected 0-100',
    'bb 10.0.0.2:6379@16379,b.redis master - 0 1 8 connected 101-200',
    'cc 10.0.0.3:6379@16379 slave aa 0 1 7 connected',
    '',
  ].join('\n');

  it('has addresses, epochs, and who was asked', () => {
    const slots = [
      [0, 100, ['10.0.0.1', 6379, 'aa'], ['10.0.0.3', 6379, 'cc']],
      [101, 200, ['b.redis', 6380, 'bb']],
    ] as const;
    expect(parseView(slots, nodes, 'seed')).toEqual({
      id: 'aa',
      ranges: [
        {
          first: 0,
          last: 100,
          master: { id: 'aa', address: { host: '10.0.0.1', port: 6379 } },
          epoch: 7,
        },
        {
          first: 101,
          last: 200,
          master: { id: 'bb', address: { host: 'b.redis', port: 6380 } },
          epoch: 8,
        },
      ],
    });
  });

  it.each([null, '', '?'])('takes the host that it asked for one called %j', (host) => {
    const { ranges } = parseView([[0, 100, [host, 6379, 'aa']]], nodes, 'seed');
    expect(ranges[0]?.master.address).toEqual({ host: 'seed', port: 6379 });
  });
});
