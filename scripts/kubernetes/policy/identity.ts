import type { Manifest } from '../manifest.js';
import { podsWhere, type Rule } from './rule.js';

const MODES = ['enforce', 'audit', 'warn'];
const CLUSTER_WIDE = ['Namespace'];
const STABLE = /(^|\/)v\d+$/;

/** Where the objects stand, under which names, and with which rights. */
export const IDENTITY: readonly Rule[] = [
  {
    name: 'restricted-namespace',
    because: 'admission refuses what was changed by hand, past these checks',
    covers: ['checkov: CKV_K8S_21'],
    faults: (set) => {
      const namespaces = set.ofKind('Namespace');
      if (namespaces.length !== 1) return [`has ${namespaces.length} namespaces, not one`];
      return namespaces.flatMap(({ metadata }) =>
        MODES.filter(
          (mode) => metadata.labels?.[`pod-security.kubernetes.io/${mode}`] !== 'restricted',
        ).map((mode) => `Namespace/${metadata.name}: does not ${mode} "restricted"`),
      );
    },
  },
  {
    name: 'own-namespace',
    because: 'what names no namespace lands in whichever is current',
    covers: ['kube-linter: use-namespace'],
    faults: (set) => {
      const [own] = set.ofKind('Namespace');
      return set.all
        .filter(({ kind }) => !CLUSTER_WIDE.includes(kind))
        .filter(({ metadata }) => metadata.namespace !== own?.metadata.name)
        .map(({ kind, metadata }) => `${kind}/${metadata.name}: is not in the namespace`);
    },
  },
  {
    name: 'standard-labels',
    because: 'selectors, dashboards and whoever looks go by them',
    covers: ['polaris: metadataAndInstanceMismatched', 'kube-score: label-values'],
    faults: ({ all }) =>
      all.filter((manifest) => isLabelled(manifest) && !hasStandardLabels(manifest)).map(label),
  },
  {
    name: 'stable-apis',
    because: 'a beta version of an API goes away with an upgrade of the cluster',
    covers: ['kube-linter: no-extensions-v1beta', 'kube-score: stable-version'],
    faults: ({ all }) =>
      all
        .filter(({ apiVersion }) => !STABLE.test(apiVersion))
        .map(({ apiVersion, kind, metadata }) => `${kind}/${metadata.name}: ${apiVersion}`),
  },
  {
    name: 'own-service-account',
    because: 'rights given to the default account would be given to every pod',
    covers: [
      'kube-linter: default-service-account',
      'kube-linter: non-existent-service-account',
      'kube-linter: deprecated-service-account-field',
    ],
    faults: (set) =>
      podsWhere('has no service account of its own', ({ spec }) => {
        const { serviceAccountName = 'default' } = spec;
        const known = set.find('ServiceAccount', serviceAccountName) !== undefined;
        return known && serviceAccountName !== 'default' && spec.serviceAccount === undefined;
      })(set),
  },
  {
    name: 'no-token',
    because: 'no pod asks the Kubernetes API, so none can be made to',
    covers: ['polaris: automountServiceAccountToken', 'checkov: CKV_K8S_38'],
    faults: (set) => [
      ...podsWhere(
        'mounts a token',
        ({ spec }) => spec.automountServiceAccountToken === false,
      )(set),
      ...set
        .ofKind('ServiceAccount')
        .filter((account) => account.automountServiceAccountToken !== false)
        .map(({ metadata }) => `ServiceAccount/${metadata.name}: mounts a token`),
    ],
  },
  {
    name: 'no-rights',
    because: 'what asks the Kubernetes API nothing needs no right to',
    covers: [
      'kube-linter: wildcard-in-rules',
      'polaris: clusterrolebindingClusterAdmin',
      'polaris: rolebindingClusterAdminRole',
      'polaris: clusterrolePodExecAttach',
      'polaris: rolePodExecAttach',
    ],
    faults: ({ all }) =>
      all.filter(({ kind }) => /^(Cluster)?Role(Binding)?$/.test(kind)).map(label),
  },
];

function isLabelled({ kind, metadata }: Manifest): boolean {
  // What a generator made, or stands for the whole namespace, has no workload to belong to.
  const general = ['Namespace', 'ConfigMap', 'ServiceAccount'].includes(kind);
  return !general && metadata.name !== 'default-deny';
}

function hasStandardLabels({ kind, metadata }: Manifest): boolean {
  const { labels = {}, name } = metadata;
  const of = (key: string) => labels[`app.kubernetes.io/${key}`];
  // The rules and monitors of one workload bear its name; a Job's is lengthened for each run.
  const ofWorkload = kind === 'PrometheusRule' || kind === 'Job';
  const instance = of('instance');
  const fits = ofWorkload ? name.startsWith(instance ?? ' ') : instance === name;
  return fits && ['name', 'component', 'part-of'].every((key) => of(key) !== undefined);
}

function label({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name}`;
}
