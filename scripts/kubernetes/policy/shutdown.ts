import { podsWhere, type Rule } from './rule.js';

/** The endpoints and the ingress controller hear of it within this time, in seconds. */
const PRE_STOP_MIN_S = 5;
/** Between the end that the service has promised and the one that is forced on it, in seconds. */
const MARGIN_S = 5;
/** What a request may take (REQUEST_TIMEOUT_MS of src/server.ts), in seconds. */
const DRAIN_S = 30;

/** How a pod ends. */
export const SHUTDOWN: readonly Rule[] = [
  {
    name: 'stops-after-traffic-has',
    because: 'requests that are still sent to it would be refused',
    covers: [],
    faults: podsWhere('has no preStop sleep, which needs no shell', ({ kind, spec }) => {
      const sleeps = spec.containers.map(
        ({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0,
      );
      return kind !== 'Deployment' || sleeps.every((seconds) => seconds >= PRE_STOP_MIN_S);
    }),
  },
  {
    name: 'time-to-finish',
    because: 'what is running would be cut off',
    covers: [],
    faults: podsWhere('is killed before it may have finished', ({ kind, spec }) => {
      const { terminationGracePeriodSeconds = 30, containers } = spec;
      const sleeps = containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0);
      const needed = Math.max(...sleeps) + DRAIN_S + MARGIN_S;
      return kind !== 'Deployment' || terminationGracePeriodSeconds >= needed;
    }),
  },
];
