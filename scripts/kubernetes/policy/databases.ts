import type { ManifestSet } from '../manifest.js';
import type { Cluster } from '../schema/cloudnative-pg.js';
import { configurationOf } from './environment.js';
import type { Rule } from './rule.js';

const BACKUP_PLUGIN = 'barman-cloud.cloudnative-pg.io';
const INSTANCES_MIN = 3;
const SHARDS_MIN = { production: 2, elsewhere: 1 };
/** For the operator, for migrations, for somebody who looks. */
const SPARE_CONNECTIONS = 30;
/** That of the monitor, beside the pool. */
const MONITOR_CONNECTIONS = 1;

const clusters = (set: ManifestSet) => set.ofKind('Cluster');

/** Of every cluster for which `holds` does not, `fault`. */
function clustersWhere(
  fault: string,
  holds: (cluster: Cluster, set: ManifestSet) => boolean,
): Rule['faults'] {
  return (set) =>
    clusters(set)
      .filter((cluster) => !holds(cluster, set))
      .map(({ metadata }) => `Cluster/${metadata.name}: ${fault}`);
}

/** The PostgreSQL cluster of each shard. */
export const DATABASES: readonly Rule[] = [
  {
    name: 'a-cluster-for-each-shard',
    because: 'a shard without one cannot be reached, and a cluster without one is paid for in vain',
    covers: [],
    faults: (set) => {
      const config = configurationOf(set);
      if (!config) return [];
      const addressed = config.database.shards.map(({ primaryUrl }) => hostOf(primaryUrl));
      const there = clusters(set).map(({ metadata }) => `${metadata.name}-rw`);
      const least = set.overlay === 'production' ? SHARDS_MIN.production : SHARDS_MIN.elsewhere;
      return addressed.toSorted().join() === there.toSorted().join() && there.length >= least
        ? []
        : [`the clusters are ${there.join(', ')}, the shards are at ${addressed.join(', ')}`];
    },
  },
  {
    name: 'three-instances',
    because: 'with two, the loss of one stops writes or the promise that they last',
    covers: [],
    faults: clustersWhere(
      `has fewer than ${INSTANCES_MIN} instances`,
      ({ spec }) => spec.instances >= INSTANCES_MIN,
    ),
  },
  {
    name: 'commits-are-on-two-servers',
    because: 'a message that was answered 201 would go with the primary',
    covers: [],
    faults: clustersWhere('does not replicate synchronously, whatever happens', ({ spec }) => {
      const { dataDurability, failoverQuorum } = spec.postgresql.synchronous ?? {};
      return dataDurability === 'required' && failoverQuorum === true;
    }),
  },
  {
    name: 'each-instance-has-an-address',
    because: 'behind an address for several, the service cannot know how fresh a replica is',
    covers: [],
    faults: clustersWhere(
      'has instances that the service cannot reach by themselves',
      (cluster, set) => {
        const { name } = cluster.metadata;
        const selected = set.ofKind('Service').flatMap(({ metadata, spec }) => {
          const instance = spec?.selector?.['cnpg.io/instanceName'];
          return instance === metadata.name ? [instance] : [];
        });
        const shards = configurationOf(set)?.database.shards ?? [];
        const own = shards.find(({ primaryUrl }) => hostOf(primaryUrl) === `${name}-rw`);
        const addressed = own?.replicaUrls.map(hostOf);
        return instancesOf(cluster).every(
          (instance) => selected.includes(instance) && (addressed?.includes(instance) ?? true),
        );
      },
    ),
  },
  {
    name: 'certificates-name-each-instance',
    because: 'the service refuses a certificate of another name',
    covers: [],
    faults: clustersWhere('has a certificate that lacks an instance', (cluster) => {
      const names = cluster.spec.certificates?.serverAltDNSNames ?? [];
      return instancesOf(cluster).every((instance) => names.includes(instance));
    }),
  },
  {
    name: 'databases-are-verified',
    because: 'whoever answers at the address would be sent the password and every message',
    covers: [],
    faults: (set) => {
      const shards = configurationOf(set)?.database.shards ?? [];
      return shards.flatMap(({ name, primaryUrl, replicaUrls }) =>
        [primaryUrl, ...replicaUrls]
          .map((url) => new URL(url))
          .filter(({ searchParams }) => {
            const authority = searchParams.get('sslrootcert');
            return searchParams.get('sslmode') !== 'verify-full' || !isMounted(authority, set);
          })
          .map(({ hostname }) => `shard ${name}: the certificate of ${hostname} is not verified`),
      );
    },
  },
  {
    name: 'connections-fit',
    because: 'pods beyond the limit of a database would be refused by it, when the load is highest',
    covers: [],
    faults: clustersWhere('allows fewer connections than all pods may open', ({ spec }, set) => {
      const scaled = set.ofKind('HorizontalPodAutoscaler');
      const pods = Math.max(0, ...scaled.map((autoscaler) => autoscaler.spec?.maxReplicas ?? 1));
      const { poolSize = 0 } = configurationOf(set)?.database ?? {};
      // A rollout adds a pod. A primary is asked as a replica too, since it is listed as one.
      const needed = (pods + 1) * (poolSize + 2 * MONITOR_CONNECTIONS) + SPARE_CONNECTIONS;
      return Number(spec.postgresql.parameters['max_connections'] ?? 100) >= needed;
    }),
  },
  {
    name: 'shows-its-positions',
    because: 'a replica that had followed a failover would stay out of use',
    covers: [],
    faults: clustersWhere('does not make the service a member of pg_monitor', ({ spec }) => {
      const { initdb } = spec.bootstrap;
      // What is restored has the rights that it had.
      const granted = initdb?.postInitApplicationSQL ?? [];
      return !initdb || granted.includes(`GRANT pg_monitor TO ${initdb.owner}`);
    }),
  },
  {
    name: 'instances-are-apart',
    because: 'a node that fails would take the primary and its standbys',
    covers: [],
    faults: clustersWhere('may have two instances on a node, or all in a zone', ({ spec }) => {
      const { podAntiAffinityType, topologyKey } = spec.affinity ?? {};
      const spread = (spec.topologySpreadConstraints ?? []).some(
        (constraint) => constraint.topologyKey === 'topology.kubernetes.io/zone',
      );
      return (
        podAntiAffinityType === 'required' && topologyKey === 'kubernetes.io/hostname' && spread
      );
    }),
  },
  {
    name: 'databases-keep-what-they-have',
    because: 'a database is evicted last if it is allowed no more than it asked for',
    covers: [],
    faults: clustersWhere('its requests are not its limits', ({ spec: { resources } }) => {
      const { requests, limits } = resources ?? {};
      const keys = ['cpu', 'memory', 'ephemeral-storage'] as const;
      return keys.every((key) => requests?.[key] !== undefined && requests[key] === limits?.[key]);
    }),
  },
  {
    name: 'archives-its-wal',
    because: 'a backup without it goes back a day',
    covers: [],
    faults: clustersWhere('archives its WAL to no object store that is there', ({ spec }, set) => {
      const archiver = spec.plugins?.find(({ name }) => name === BACKUP_PLUGIN);
      const store = archiver?.parameters?.['barmanObjectName'] ?? '';
      return archiver?.isWALArchiver === true && set.find('ObjectStore', store) !== undefined;
    }),
  },
  {
    name: 'is-backed-up-every-day',
    because: 'WAL alone takes as long to replay as it took to write',
    covers: [],
    faults: clustersWhere('is not backed up every day', ({ metadata }, set) =>
      set
        .ofKind('ScheduledBackup')
        .some(
          ({ spec }) =>
            spec.cluster.name === metadata.name &&
            spec.method === 'plugin' &&
            spec.pluginConfiguration.name === BACKUP_PLUGIN &&
            spec.schedule.endsWith(' * * *'),
        ),
    ),
  },
  {
    name: 'backups-are-kept-for-a-while',
    because: 'what went wrong is often seen weeks later; without an end they are paid for for ever',
    covers: [],
    faults: (set) =>
      set
        .ofKind('ObjectStore')
        .filter(({ spec }) => spec.retentionPolicy === undefined)
        .map(({ metadata }) => `ObjectStore/${metadata.name}: has no retention policy`),
  },
  {
    name: 'databases-are-watched',
    because: 'a standby that is gone, or a disk that fills, shows nowhere else',
    covers: [],
    faults: clustersWhere('has no PodMonitor', ({ metadata }, set) =>
      set
        .ofKind('PodMonitor')
        .some(({ spec }) => spec.selector.matchLabels?.['cnpg.io/cluster'] === metadata.name),
    ),
  },
];

function hostOf(url: string): string {
  return new URL(url).hostname;
}

function instancesOf({ metadata, spec }: Cluster): string[] {
  return Array.from({ length: spec.instances }, (_, index) => `${metadata.name}-${index + 1}`);
}

/** Whether the service finds a file of this path in a volume. */
function isMounted(path: string | null, { pods }: ManifestSet): boolean {
  const users = pods.filter(({ labels }) => labels['app.kubernetes.io/name'] === 'messages');
  return users.every(({ spec }) =>
    spec.containers.every(({ volumeMounts = [] }) =>
      volumeMounts.some(({ name, mountPath }) => {
        const volume = (spec.volumes ?? []).find((candidate) => candidate.name === name);
        const items =
          volume?.projected?.sources?.flatMap(({ secret }) => secret?.items ?? []) ?? [];
        return items.some((item) => `${mountPath}/${item.path}` === path);
      }),
    ),
  );
}
