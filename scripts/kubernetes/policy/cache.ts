import type { ManifestSet } from '../manifest.js';
import type { Rule } from './rule.js';

const MI = 1024 * 1024;
/** What Redis uses beside what `maxmemory` counts: its buffers, its fragmentation. */
const OVERHEAD = 4 / 3;

/** Policies that leave what is read by every request alone, as long as it is. */
const EVICTING = ['allkeys-lru', 'allkeys-lfu'];

const redisConf = (set: ManifestSet) =>
  set
    .ofKind('ConfigMap')
    .flatMap(({ data = {} }) => data['redis.conf'] ?? [])
    .join('\n');

const setting = (set: ManifestSet, name: string) =>
  new RegExp(`^${name} (.+)$`, 'm').exec(redisConf(set))?.[1];

/** The Redis that the pods share. */
export const CACHE: readonly Rule[] = [
  {
    name: 'redis-evicts',
    because: 'a full one would refuse floors: what one pod wrote would be missing in another',
    covers: [],
    faults: (set) => {
      const policy = setting(set, 'maxmemory-policy') ?? 'noeviction';
      return EVICTING.includes(policy) ? [] : [`redis.conf: the policy is ${policy}`];
    },
  },
  {
    name: 'redis-fits-its-memory',
    because: 'it would be killed, and everything in it lost, when it is used most',
    covers: [],
    faults: (set) => {
      const maxmemory = parseInt(setting(set, 'maxmemory') ?? '', 10) * MI;
      return set.ofKind('StatefulSet').flatMap(({ metadata, spec }) => {
        const limits = spec?.template.spec?.containers.map(
          ({ resources }) => parseInt(String(resources?.limits?.['memory'] ?? 0), 10) * MI,
        );
        const fits = limits?.every((limit) => maxmemory * OVERHEAD <= limit);
        return fits ? [] : [`StatefulSet/${metadata.name}: maxmemory does not fit its limit`];
      });
    },
  },
  {
    name: 'redis-asks-who-comes',
    because: 'whoever gets into the namespace could empty it',
    covers: [],
    faults: (set) => (setting(set, 'aclfile') ? [] : ['redis.conf names no aclfile']),
  },
  {
    name: 'stateful-sets-have-a-headless-service',
    because: 'without it their pods have no names',
    covers: ['kube-score: statefulset-has-servicename'],
    faults: (set) =>
      set
        .ofKind('StatefulSet')
        .filter(({ spec }) => {
          const service = set.find('Service', spec?.serviceName ?? '');
          return service?.spec?.clusterIP !== 'None';
        })
        .map(({ metadata }) => `StatefulSet/${metadata.name}: has no headless Service`),
  },
];
