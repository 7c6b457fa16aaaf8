import type { Pod } from '../manifest.js';
import { configurationOf } from './environment.js';
import { containersWhere, podsWhere, type Rule } from './rule.js';

/** The endpoints and the ingress controller hear of it within this time, in seconds. */
const PRE_STOP_MIN_S = 5;
/** Between the end that the service has promised and the one that is forced on it, in seconds. */
const MARGIN_S = 5;
/** How a pod begins and ends. */
export const LIFECYCLE: readonly Rule[] = [
  {
    name: 'starts-in-its-own-time',
    because: 'a pod that waits for a database would be killed while it does, again and again',
    covers: [],
    faults: (set) => {
      const { startupTimeoutMs = 0 } = configurationOf(set)?.database ?? {};
      return containersWhere('is killed while it still may start', ({ startupProbe }, { kind }) => {
        const { periodSeconds = 10, failureThreshold = 3 } = startupProbe ?? {};
        const given = periodSeconds * failureThreshold * 1_000;
        return kind !== 'Deployment' || !startupProbe || given > startupTimeoutMs;
      })(set);
    },
  },
  {
    name: 'stops-after-traffic-has',
    because: 'requests that are still sent to it would be refused',
    covers: [],
    faults: podsWhere('has no preStop sleep, which needs no shell', (pod) => {
      return pod.kind !== 'Deployment' || preStopSeconds(pod) >= PRE_STOP_MIN_S;
    }),
  },
  {
    name: 'has-time-to-finish',
    because: 'what is running would be cut off',
    covers: [],
    faults: (set) => {
      const { shutdown = { timeoutMs: 0 } } = configurationOf(set) ?? {};
      return podsWhere('is killed before it may have finished', (pod) => {
        const { terminationGracePeriodSeconds: given = 30 } = pod.spec;
        const needed = preStopSeconds(pod) + shutdown.timeoutMs / 1_000 + MARGIN_S;
        return pod.kind !== 'Deployment' || given >= needed;
      })(set);
    },
  },
];

function preStopSeconds({ spec }: Pod): number {
  const sleeps = spec.containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0);
  return Math.max(...sleeps);
}
