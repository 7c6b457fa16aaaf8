import { all, drop, edit, type Mutation, push, put, remove } from './mutation.js';

const API = 'Deployment/messages';
const MIGRATION = 'Job/messages-migrate';
const REDIS = 'StatefulSet/messages-redis';
const AUTOSCALER = 'HorizontalPodAutoscaler/messages';
const BUDGET = 'PodDisruptionBudget/messages';
const SETTINGS = 'ConfigMap/messages-';
const REDIS_SETTINGS = 'ConfigMap/messages-redis-';
const POD = 'spec/template/spec';
const CONTAINER = `${POD}/containers/0`;

/** Of probes, rollouts, settings, migrations, and Redis. */
export const SERVICE_MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  'readiness-and-liveness': [
    drop(API, `${CONTAINER}/readinessProbe`),
    drop(API, `${CONTAINER}/livenessProbe`),
    drop(REDIS, `${CONTAINER}/livenessProbe`),
  ],
  'startup-probe': [drop(API, `${CONTAINER}/startupProbe`)],
  'liveness-is-not-readiness': [
    put(API, `${CONTAINER}/livenessProbe/httpGet/path`, '/health/ready'),
    put(REDIS, `${CONTAINER}/livenessProbe/exec/command`, ['redis-cli', 'ping']),
  ],
  'probes-on-declared-ports': [
    put(API, `${CONTAINER}/livenessProbe/httpGet/port`, 'health'),
    put(API, `${CONTAINER}/readinessProbe/httpGet/port`, 9091),
    put(API, `${CONTAINER}/startupProbe/httpGet/port`, 'start'),
  ],
  'probes-on-the-management-port': [put(API, `${CONTAINER}/livenessProbe/httpGet/port`, 'http')],
  'rolls-out-without-a-gap': [
    drop(API, 'spec/strategy'),
    put(API, 'spec/strategy/type', 'Recreate'),
    put(API, 'spec/strategy/rollingUpdate/maxUnavailable', '25%'),
    put(API, 'spec/strategy/rollingUpdate/maxSurge', 0),
  ],
  'the-autoscaler-alone-sets-replicas': [put(API, 'spec/replicas', 3)],
  'every-deployment-is-scaled': [put(AUTOSCALER, 'spec/scaleTargetRef/name', 'message')],
  'enough-replicas': [
    put(AUTOSCALER, 'spec/minReplicas', 2),
    drop(AUTOSCALER, 'spec/minReplicas'),
    put(AUTOSCALER, 'spec/maxReplicas', 3),
  ],
  'scales-by-cpu-and-by-requests-in-flight': [
    drop(AUTOSCALER, 'spec/metrics/0'),
    drop(AUTOSCALER, 'spec/metrics/1'),
    put(AUTOSCALER, 'spec/metrics/1/pods/metric/name', 'requests'),
  ],
  'scales-down-slowly': [
    drop(AUTOSCALER, 'spec/behavior'),
    put(AUTOSCALER, 'spec/behavior/scaleDown/stabilizationWindowSeconds', 0),
  ],
  'one-disruption-at-a-time': [
    remove(BUDGET),
    put(BUDGET, 'spec/maxUnavailable', 0),
    put(BUDGET, 'spec/selector/matchLabels/app.kubernetes.io~name', 'message'),
    remove('PodDisruptionBudget/messages-redis'),
  ],
  'broken-pods-do-not-block-drains': [drop(BUDGET, 'spec/unhealthyPodEvictionPolicy')],
  'away-from-each-other': [
    drop(API, `${POD}/affinity`),
    put(
      API,
      `${POD}/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/podAffinityTerm/labelSelector/matchLabels/app.kubernetes.io~name`,
      'message',
    ),
  ],
  'spread-over-nodes-and-zones': [
    drop(API, `${POD}/topologySpreadConstraints`),
    drop(API, `${POD}/topologySpreadConstraints/0`),
    drop(API, `${POD}/topologySpreadConstraints/1`),
    drop(API, `${POD}/topologySpreadConstraints/0/labelSelector`),
    put(API, `${POD}/topologySpreadConstraints/0/maxSkew`, 5),
  ],
  'selectors-match': [
    put(API, 'spec/selector/matchLabels/app.kubernetes.io~name', 'message'),
    put(REDIS, 'spec/selector/matchLabels/app.kubernetes.io~component', 'store'),
  ],
  'restart-policies': [
    put(MIGRATION, `${POD}/restartPolicy`, 'OnFailure'),
    drop(API, `${POD}/restartPolicy`),
  ],
  'few-lookups': [drop(API, `${POD}/dnsConfig`)],
  'starts-in-its-own-time': [
    drop(API, `${CONTAINER}/startupProbe/failureThreshold`),
    put(API, `${CONTAINER}/startupProbe/periodSeconds`, 1),
    put(SETTINGS, 'data/STARTUP_TIMEOUT', '5min'),
  ],
  'stops-after-traffic-has': [
    drop(API, `${CONTAINER}/lifecycle`),
    put(API, `${CONTAINER}/lifecycle/preStop/sleep/seconds`, 0),
    put(API, `${CONTAINER}/lifecycle/preStop`, { exec: { command: ['sleep', '5'] } }),
  ],
  'has-time-to-finish': [
    drop(API, `${POD}/terminationGracePeriodSeconds`),
    put(API, `${CONTAINER}/lifecycle/preStop/sleep/seconds`, 20),
    put(SETTINGS, 'data/SHUTDOWN_TIMEOUT', '60s'),
  ],
  'every-variable-is-known': [
    push(API, `${CONTAINER}/env`, { name: 'LOG_LEVLE', value: 'info' }),
    put(SETTINGS, 'data/SHARD_S0_REPLICAS', 'none'),
  ],
  'the-service-accepts-it': [
    drop(SETTINGS, 'data/JWT_ISSUER'),
    put(SETTINGS, 'data/LOG_LEVEL', 'loud'),
    put(SETTINGS, 'data/JWT_JWKS_URL', 'http://issuer.example.com/keys'),
  ],
  'listens-where-it-is-asked': [
    put(SETTINGS, 'data/PORT', '8080'),
    put(SETTINGS, 'data/MANAGEMENT_PORT', '9091'),
    put(SETTINGS, 'data/HOST', '127.0.0.1'),
    put(SETTINGS, 'data/MANAGEMENT_HOST', 'localhost'),
  ],
  'runs-for-production': [put(SETTINGS, 'data/NODE_ENV', 'development')],
  'what-is-shared-is-shared': [drop(SETTINGS, 'data/REDIS_URL')],
  'no-variable-twice': [push(API, `${CONTAINER}/env`, { name: 'NODE_ENV', value: 'production' })],
  'no-secret-in-plain-sight': [
    all(
      put(SETTINGS, 'data/REDIS_URL', 'redis://me:sesame@redis'),
      drop(API, `${CONTAINER}/env/0`),
      drop(API, `${CONTAINER}/env/0`),
    ),
    put(API, `${CONTAINER}/env/0`, { name: 'REDIS_PASSWORD', value: 'sesame' }),
    put(REDIS_SETTINGS, 'data/users_password', 'sesame'),
    {
      what: 'a Secret with values added',
      apply: (manifests) => [
        ...manifests,
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { ...manifests.find(({ kind }) => kind === 'Deployment')!.metadata },
          stringData: { url: 'redis://redis' },
        },
      ],
    },
  ],
  'secrets-are-documented': [
    put(API, `${CONTAINER}/env/0/valueFrom/secretKeyRef/name`, 'redis'),
    put(REDIS, `${POD}/volumes/1/secret/secretName`, 'users'),
  ],
  'settings-roll-out': [
    all(
      put(REDIS, `${POD}/volumes/0/configMap/name`, 'messages-redis'),
      put(REDIS_SETTINGS, 'metadata/name', 'messages-redis'),
    ),
    put(REDIS, `${POD}/volumes/0/configMap/name`, 'messages-redis-0000000000'),
  ],
  'migrates-before-it-serves': [
    all(remove(MIGRATION), remove('NetworkPolicy/messages-migrate')),
    put(MIGRATION, `${CONTAINER}/args`, ['serve']),
    put(MIGRATION, `${CONTAINER}/image`, `ghcr.io/example/messages@sha256:${'1'.repeat(64)}`),
  ],
  'finished-jobs-go': [drop(MIGRATION, 'spec/ttlSecondsAfterFinished')],
  'jobs-end': [drop(MIGRATION, 'spec/backoffLimit'), drop(MIGRATION, 'spec/activeDeadlineSeconds')],
  'redis-evicts': [
    edit(REDIS_SETTINGS, 'data/redis.conf', 'allkeys-lru', 'noeviction'),
    edit(REDIS_SETTINGS, 'data/redis.conf', 'maxmemory-policy', '# maxmemory-policy'),
  ],
  'redis-fits-its-memory': [
    edit(REDIS_SETTINGS, 'data/redis.conf', 'maxmemory 384mb', 'maxmemory 512mb'),
    put(REDIS, `${CONTAINER}/resources/limits/memory`, '256Mi'),
    edit(REDIS_SETTINGS, 'data/redis.conf', 'maxmemory 384mb\n', ''),
  ],
  'redis-asks-who-comes': [edit(REDIS_SETTINGS, 'data/redis.conf', 'aclfile', '# aclfile')],
  'stateful-sets-have-a-headless-service': [
    put(REDIS, 'spec/serviceName', 'redis'),
    drop('Service/messages-redis', 'spec/clusterIP'),
  ],
};
