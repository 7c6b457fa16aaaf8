import type { ManifestSet } from '../manifest.js';
import { CACHE } from './cache.js';
import { CONFIGURATION } from './configuration.js';
import { CONTAINERS } from './containers.js';
import { DATABASES } from './databases.js';
import { EXPOSURE } from './exposure.js';
import { IDENTITY } from './identity.js';
import { LIFECYCLE } from './lifecycle.js';
import { MIGRATION } from './migration.js';
import { MONITORING } from './monitoring.js';
import { NETWORK } from './network.js';
import { POD_SECURITY } from './pod-security.js';
import { PROBES } from './probes.js';
import { ROLLOUT } from './rollout.js';
import type { Rule } from './rule.js';

export type { LinterCheck, Rule } from './rule.js';

export const POLICY: readonly Rule[] = [
  ...IDENTITY,
  ...POD_SECURITY,
  ...CONTAINERS,
  ...PROBES,
  ...ROLLOUT,
  ...LIFECYCLE,
  ...NETWORK,
  ...EXPOSURE,
  ...MONITORING,
  ...CONFIGURATION,
  ...MIGRATION,
  ...DATABASES,
  ...CACHE,
];

export interface BrokenRule {
  readonly rule: Rule;
  readonly faults: readonly string[];
}

/** The rules that do not hold, and where they do not. */
export function brokenRules(set: ManifestSet): BrokenRule[] {
  return POLICY.map((rule) => ({ rule, faults: rule.faults(set) })).filter(
    ({ faults }) => faults.length > 0,
  );
}
