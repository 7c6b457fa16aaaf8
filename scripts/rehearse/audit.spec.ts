import { describe, expect, it } from '@jest/globals';
import { faultsOf } from './audit.js';

const acknowledged = [
  { id: 'a', tag: 't', text: 'first' },
  { id: 'b', tag: 't', text: 'second' },
];
const stored = [
  { id: 'b', message: 'second' },
  { id: 'a', message: 'first' },
];

describe(faultsOf.name, () => {
  it('finds none where every acknowledged message is there once', () => {
    expect(faultsOf(stored, acknowledged, new Set())).toEqual([]);
  });

  it('finds what is lost', () => {
    expect(faultsOf(stored.slice(1), acknowledged, new Set())).toEqual([
      '"second" was acknowledged and is lost',
    ]);
  });

  it('finds what has another id than was answered', () => {
    const other = [...stored.slice(0, 1), { id: 'c', message: 'first' }];
    expect(faultsOf(other, acknowledged, new Set())).toEqual([
      '"first" was acknowledged as a, which is lost',
    ]);
  });

  it('finds what was stored twice', () => {
    const doubled = [...stored, { id: 'c', message: 'first' }];
    expect(faultsOf(doubled, acknowledged, new Set())).toEqual(['"first" is there 2 times']);
  });

  it('finds what nobody has posted, but for what may have been stored', () => {
    const more = [...stored, { id: 'c', message: 'third' }];
    expect(faultsOf(more, acknowledged, new Set(['third']))).toEqual([]);
    expect(faultsOf(more, acknowledged, new Set())).toEqual([
      '"third" is there, and nobody has posted it',
    ]);
  });
});
