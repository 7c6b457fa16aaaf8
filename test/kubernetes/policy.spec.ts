import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ManifestSet } from '../../scripts/kubernetes/manifest.js';
import { brokenRules, POLICY } from '../../scripts/kubernetes/policy/index.js';
import { EXCEPTIONS, PUBLISHED_CHECKS } from '../../scripts/kubernetes/policy/published-checks.js';
import { renderOverlay } from '../../scripts/kubernetes/render.js';
import { mutated } from './mutation.js';
import { MUTATIONS } from './mutations.js';

let production: ManifestSet;

beforeAll(async () => {
  production = await renderOverlay('production');
});

const brokenIn = (set: ManifestSet) => brokenRules(set).map(({ rule }) => rule.name);

describe('the policy for manifests', () => {
  it('has, for each rule, what breaks it', () => {
    const rules = POLICY.map(({ name }) => name).toSorted();
    expect(Object.keys(MUTATIONS).toSorted()).toEqual(rules);
    expect(new Set(rules).size).toBe(rules.length);
  });

  it('covers or excepts every published check, and knows each that it names', () => {
    const covered = POLICY.flatMap(({ covers }) => covers);
    const excepted = EXCEPTIONS.flatMap(({ checks }) => checks);
    expect([...covered, ...excepted].toSorted()).toEqual([...PUBLISHED_CHECKS].toSorted());
  });

  const cases = Object.entries(MUTATIONS).flatMap(([rule, mutations]) =>
    mutations.map((mutation) => ({ rule, mutation, what: mutation.what })),
  );

  it.each(cases)('$rule: sees $what, and nothing else does', ({ rule, mutation }) => {
    expect(brokenIn(mutated(production, mutation))).toEqual([rule]);
  });
});
