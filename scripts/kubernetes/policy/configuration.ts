import {
  type Config,
  environmentSchema,
  shardEnvironmentSchema,
} from '../../../src/config/index.js';
import { containersOf, type ManifestSet, type Pod } from '../manifest.js';
import { environmentOf, readEnvironment, servicePods } from './environment.js';
import type { Rule } from './rule.js';

/** Secrets that others make (k8s/README.md); no manifest holds their values. */
const SECRETS = /^messages-(redis|backups|tls|s\d+-(app|ca))$/;
const SECRET_NAME = /(PASSWORD|SECRET|TOKEN|CREDENTIALS?|PRIVATE_?KEY|API_?KEY|ACCESS_?KEY)$/i;
const WITH_PASSWORD = /\/\/[^/\s@]*:[^/\s@]+@/;
const HASHED = /-[0-9a-z]{10}$/;
const SHARD_VARIABLE = /^SHARD_[A-Z][A-Z0-9]*_(.+)$/;

/** What the service is told, and how. */
export const CONFIGURATION: readonly Rule[] = [
  {
    name: 'every-variable-is-known',
    because: 'a variable that nobody reads is a setting that somebody believes in',
    covers: [],
    faults: (set) =>
      servicePods(set).flatMap((pod) =>
        environmentOf(pod, set)
          .filter(({ name }) => !isKnown(name))
          .map(({ name }) => `${pod.owner}: ${name} is in no schema of src/config`),
      ),
  },
  {
    name: 'the-service-accepts-it',
    because: 'a rollout would stand still: the new pods refuse to start',
    covers: [],
    faults: (set) =>
      servicePods(set).flatMap((pod) =>
        readEnvironment(pod, set).faults.map((fault) => `${pod.owner}: ${fault}`),
      ),
  },
  {
    name: 'listens-where-it-is-asked',
    because: 'Services and probes would ask ports that nobody listens on',
    covers: [],
    faults: (set) =>
      servicePods(set)
        .filter(({ kind }) => kind === 'Deployment')
        .filter((pod) => {
          const { config } = readEnvironment(pod, set);
          return config !== undefined && !listensOnItsPorts(config, pod);
        })
        .map(({ owner }) => `${owner}: does not listen on the ports that it declares`),
  },
  {
    name: 'runs-for-production',
    because: 'anything else allows tokens and settings that are for development',
    covers: [],
    faults: (set) =>
      servicePods(set)
        .filter((pod) => readEnvironment(pod, set).config?.environment === 'development')
        .map(({ owner }) => `${owner}: NODE_ENV is not production`),
  },
  {
    name: 'what-is-shared-is-shared',
    because: 'pods without Redis would not know what the others wrote',
    covers: [],
    faults: (set) =>
      servicePods(set)
        .filter(({ kind }) => kind === 'Deployment')
        .filter((pod) => {
          const { config } = readEnvironment(pod, set);
          return config !== undefined && config.redis === undefined;
        })
        .map(({ owner }) => `${owner}: has no REDIS_URL`),
  },
  {
    name: 'no-variable-twice',
    because: 'which of them counts is a matter of order',
    covers: ['kube-score: environment-variable-key-duplication', 'kube-linter: duplicate-env-var'],
    faults: (set) =>
      set.pods.flatMap((pod) => {
        const names = environmentOf(pod, set).map(({ name }) => name);
        const twice = names.filter((name, index) => names.indexOf(name) !== index);
        return twice.map((name) => `${pod.owner}: ${name} is set twice`);
      }),
  },
  {
    name: 'no-secret-in-plain-sight',
    because: 'whoever may read the repository, or a Deployment, would know it',
    covers: [
      'kube-linter: env-var-secret',
      'polaris: sensitiveContainerEnvVar',
      'polaris: sensitiveConfigmapContent',
    ],
    faults: (set) => [
      ...set.ofKind('Secret').map(({ metadata }) => `Secret/${metadata.name}: has values`),
      ...set.pods.flatMap((pod) =>
        environmentOf(pod, set)
          .filter(({ name, value, secret }) => !secret && isSecret(name, value))
          .map(({ name }) => `${pod.owner}: the value of ${name} is written down`),
      ),
      ...set.ofKind('ConfigMap').flatMap(({ metadata, data = {} }) =>
        Object.entries(data)
          .filter(([name, value]) => isSecret(name, value))
          .map(([name]) => `ConfigMap/${metadata.name}: ${name} is a secret`),
      ),
    ],
  },
  {
    name: 'secrets-are-documented',
    because: 'a pod whose secret is missing does not start, and nobody knows what belongs in it',
    covers: [],
    faults: (set) =>
      secretsOf(set)
        .filter((name) => !SECRETS.test(name))
        .map((name) => `secret ${name}: k8s/README.md does not say what it is`),
  },
  {
    name: 'settings-roll-out',
    because: 'pods would go on with the old settings until each is started anew for another reason',
    covers: [],
    faults: (set) =>
      configMapsOf(set)
        .filter((name) => !HASHED.test(name) || !set.find('ConfigMap', name))
        .map((name) => `ConfigMap ${name}: is not there, or not named after what it says`),
  },
];

function listensOnItsPorts({ http, management }: Config, { spec }: Pod): boolean {
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  const declares = (wanted: string, { host, port }: Config['management'] | Config['http']) =>
    ports.some(({ name, containerPort }) => name === wanted && containerPort === port) &&
    host === '0.0.0.0';
  return declares('http', http) && declares('management', management);
}

function isKnown(name: string): boolean {
  const ofShard = SHARD_VARIABLE.exec(name)?.[1];
  return name in environmentSchema.shape || (ofShard ?? '') in shardEnvironmentSchema.shape;
}

function isSecret(name: string, value: string): boolean {
  return SECRET_NAME.test(name) || WITH_PASSWORD.test(value);
}

function secretsOf({ pods }: ManifestSet): string[] {
  return pods.flatMap(({ spec }) => [
    ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
      ...envFrom.flatMap(({ secretRef }) => secretRef?.name ?? []),
    ]),
    ...(spec.volumes ?? []).flatMap(({ secret, projected }) => [
      ...(secret?.secretName ? [secret.secretName] : []),
      ...(projected?.sources ?? []).flatMap((source) => source.secret?.name ?? []),
    ]),
  ]);
}

function configMapsOf({ pods }: ManifestSet): string[] {
  return pods.flatMap(({ spec }) => [
    ...containersOf(spec).flatMap(({ envFrom = [] }) =>
      envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? []),
    ),
    ...(spec.volumes ?? []).flatMap(({ configMap }) => configMap?.name ?? []),
  ]);
}
