import { all, drop, edit, type Mutation, put, remove } from './mutation.js';

const CLUSTER = 'Cluster/messages-s0';
const SETTINGS = 'ConfigMap/messages-';
const API = 'Deployment/messages';

/** Of the clusters of PostgreSQL. */
export const DATABASE_MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  'a-cluster-for-each-shard': [
    edit(SETTINGS, 'data/SHARD_S1_PRIMARY_URL', 'messages-s1-rw', 'messages-s9-rw'),
    put(SETTINGS, 'data/SHARDS', 's0:0-4095'),
  ],
  'three-instances': [all(put(CLUSTER, 'spec/instances', 2), remove('Service/messages-s0-3'))],
  'commits-are-on-two-servers': [
    drop(CLUSTER, 'spec/postgresql/synchronous'),
    put(CLUSTER, 'spec/postgresql/synchronous/dataDurability', 'preferred'),
    put(CLUSTER, 'spec/postgresql/synchronous/failoverQuorum', false),
  ],
  'each-instance-has-an-address': [
    remove('Service/messages-s0-2'),
    edit(SETTINGS, 'data/SHARD_S0_REPLICA_URLS', 'messages-s0-3', 'messages-s0-2'),
    edit(SETTINGS, 'data/SHARD_S0_REPLICA_URLS', 'messages-s0-3', 'messages-s0-ro'),
    all(
      put(CLUSTER, 'spec/instances', 4),
      put(CLUSTER, 'spec/certificates/serverAltDNSNames/3', 'messages-s0-4'),
    ),
  ],
  'certificates-name-each-instance': [
    drop(CLUSTER, 'spec/certificates'),
    drop(CLUSTER, 'spec/certificates/serverAltDNSNames/2'),
  ],
  'databases-are-verified': [
    edit(SETTINGS, 'data/SHARD_S0_PRIMARY_URL', 'verify-full', 'no-verify'),
    edit(SETTINGS, 'data/SHARD_S1_REPLICA_URLS', 'sslmode=verify-full&', ''),
    edit(SETTINGS, 'data/SHARD_S1_REPLICA_URLS', 's1.crt', 's2.crt'),
    drop(API, 'spec/template/spec/containers/0/volumeMounts/1'),
    drop(API, 'spec/template/spec/volumes/1/projected/sources/0'),
  ],
  'connections-fit': [
    put(CLUSTER, 'spec/postgresql/parameters/max_connections', '100'),
    put('HorizontalPodAutoscaler/messages', 'spec/maxReplicas', 30),
    put(SETTINGS, 'data/DATABASE_POOL_SIZE', '20'),
  ],
  'shows-its-positions': [
    drop(CLUSTER, 'spec/bootstrap/initdb/postInitApplicationSQL'),
    put(CLUSTER, 'spec/bootstrap/initdb/owner', 'app'),
  ],
  'instances-are-apart': [
    put(CLUSTER, 'spec/affinity/podAntiAffinityType', 'preferred'),
    drop(CLUSTER, 'spec/affinity'),
    drop(CLUSTER, 'spec/topologySpreadConstraints'),
  ],
  'databases-keep-what-they-have': [
    put(CLUSTER, 'spec/resources/limits/memory', '8Gi'),
    drop(CLUSTER, 'spec/resources'),
  ],
  'archives-its-wal': [
    drop(CLUSTER, 'spec/plugins'),
    drop(CLUSTER, 'spec/plugins/0/isWALArchiver'),
    remove('ObjectStore/messages-backups'),
  ],
  'is-backed-up-every-day': [
    remove('ScheduledBackup/messages-s0'),
    put('ScheduledBackup/messages-s0', 'spec/schedule', '0 0 2 1 * *'),
    put('ScheduledBackup/messages-s1', 'spec/cluster/name', 'messages-s0'),
  ],
  'backups-are-kept-for-a-while': [drop('ObjectStore/messages-backups', 'spec/retentionPolicy')],
  'databases-are-watched': [remove('PodMonitor/messages-s1')],
};
