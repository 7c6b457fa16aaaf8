import { describe, expect, it } from '@jest/globals';
import { type Act, brokenPromises } from './acts.js';
import { Tally } from './tally.js';

const act = (mayRefusePosts: boolean): Act => ({
  name: 'act',
  play: async () => undefined,
  mayRefusePosts,
});

function tally(faults: Partial<Record<'failedReads' | 'repeated' | 'lost' | 'stale', string>>) {
  const counted = new Tally();
  for (const [kind, what] of Object.entries(faults))
    counted[kind as keyof typeof faults].push(what);
  return counted;
}

describe(brokenPromises.name, () => {
  it.each(['failedReads', 'lost', 'stale'] as const)('counts %s in every act', (kind) => {
    const counted = tally({ [kind]: 'what' });
    expect(brokenPromises(act(true), counted)).toEqual([expect.stringContaining('what')]);
  });

  it('counts a POST that is repeated, unless a primary may be away', () => {
    const counted = tally({ repeated: 'POST' });
    expect(brokenPromises(act(false), counted)).toEqual(['no POST fails: POST']);
    expect(brokenPromises(act(true), counted)).toEqual([]);
  });
});
