import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { type Labels, type ManifestSet, type Pod, selects } from '../manifest.js';
import { databasesOf } from './database-pods.js';
import type { Rule } from './rule.js';

type Spec = NonNullable<INetworkPolicy['spec']>;
type Peer = NonNullable<NonNullable<Spec['egress']>[number]['to']>[number];
type Port = NonNullable<NonNullable<Spec['egress']>[number]['ports']>[number];

const policies = (set: ManifestSet) => set.ofKind('NetworkPolicy');

/** Who may talk to whom. */
export const NETWORK: readonly Rule[] = [
  {
    name: 'denies-by-default',
    because: 'a pod that no policy names would talk to everything, both ways',
    covers: [
      'kube-score: pod-networkpolicy',
      'polaris: missingNetworkPolicy',
      'checkov: CKV2_K8S_6',
    ],
    faults: (set) => {
      const all = policies(set).filter(
        ({ spec }) =>
          Object.keys(spec?.podSelector ?? {}).length === 0 &&
          isBothWays(spec) &&
          !spec?.ingress &&
          !spec?.egress,
      );
      return all.length === 1 ? [] : ['no policy denies everything to every pod'];
    },
  },
  {
    name: 'every-pod-has-a-policy',
    because: 'what it may do would be nothing, or not be written down',
    covers: ['kube-linter: non-isolated-pod'],
    faults: (set) => {
      const pods = [...set.pods, ...databasesOf(set)];
      return pods.filter((pod) => policiesOf(pod, set).length === 0).map(({ owner }) => owner);
    },
  },
  {
    name: 'policies-name-both-ways',
    because: 'a way that is not named is open, should the default go',
    covers: [],
    faults: (set) =>
      policies(set)
        .filter(({ spec }) => !isBothWays(spec))
        .map(({ metadata }) => `NetworkPolicy/${metadata.name}`),
  },
  {
    name: 'policies-select-pods',
    because: 'a policy for pods that are not there is a typing error',
    covers: [
      'kube-score: networkpolicy-targets-pod',
      'kube-linter: dangling-networkpolicy',
      'kube-linter: dangling-networkpolicypeer-podselector',
    ],
    faults: (set) => {
      const pods = [...set.pods, ...databasesOf(set)];
      const found = (selector: Labels | undefined) =>
        pods.some(({ labels }) => selects(selector, labels));
      return policies(set).flatMap(({ metadata, spec }) => {
        const own = spec?.podSelector?.matchLabels;
        const peers = peersOf(spec)
          .filter(({ namespaceSelector, podSelector }) => !namespaceSelector && podSelector)
          .map(({ podSelector }) => podSelector?.matchLabels);
        return [...(own ? [own] : []), ...peers.filter((peer) => peer !== undefined)]
          .filter((selector) => !found(selector))
          .map((selector) => `NetworkPolicy/${metadata.name}: ${JSON.stringify(selector)}`);
      });
    },
  },
  {
    name: 'no-open-way-in',
    because: 'whoever is in the cluster could ask for metrics, or go past the ingress',
    covers: [],
    faults: (set) =>
      policies(set)
        .filter(({ spec }) =>
          (spec?.ingress ?? []).some(({ from = [], ports = [] }) => {
            return from.length === 0 || ports.length === 0 || from.some(isAnybody);
          }),
        )
        .map(({ metadata }) => `NetworkPolicy/${metadata.name}: lets anybody in, or to any port`),
  },
  {
    name: 'api-from-the-ingress-metrics-from-prometheus',
    because: 'each port has one who asks it, and the other must not',
    covers: [],
    faults: (set) => {
      const rules = set.find('NetworkPolicy', 'messages')?.spec?.ingress ?? [];
      const ways = rules.flatMap(({ from = [], ports = [] }) =>
        from.flatMap((peer) => ports.map(({ port }) => `${namespaceOf(peer)} ${port}`)),
      );
      return ways.toSorted().join() === 'ingress-nginx http,monitoring management'
        ? []
        : [`NetworkPolicy/messages: lets in ${ways.join(', ')}`];
    },
  },
  {
    name: 'out-to-what-it-needs',
    because: 'a pod that was taken over reaches nothing but what it reached before',
    covers: [],
    faults: (set) =>
      policies(set)
        .filter(
          ({ spec }) => spec?.podSelector?.matchLabels?.['app.kubernetes.io/name'] === 'messages',
        )
        .flatMap(({ metadata, spec }) => {
          const migrates = metadata.name.includes('migrate');
          const wanted = ['dns', 'postgresql', ...(migrates ? [] : ['issuer', 'redis'])];
          const ways = (spec?.egress ?? []).map(({ to = [], ports = [] }) =>
            to.map((peer) => destination(peer, ports)).join('+'),
          );
          return ways.toSorted().join() === wanted.toSorted().join()
            ? []
            : [`NetworkPolicy/${metadata.name}: goes to ${ways.join(', ')}`];
        }),
  },
];

function isBothWays(spec: INetworkPolicy['spec']): boolean {
  const types: readonly string[] = spec?.policyTypes ?? [];
  return types.includes('Ingress') && types.includes('Egress');
}

function policiesOf({ labels }: Pod, set: ManifestSet) {
  return policies(set).filter(({ spec }) => selects(spec?.podSelector?.matchLabels, labels));
}

function peersOf(spec: INetworkPolicy['spec']): Peer[] {
  return [
    ...(spec?.ingress ?? []).flatMap(({ from = [] }) => from),
    ...(spec?.egress ?? []).flatMap(({ to = [] }) => to),
  ];
}

function isAnybody({ ipBlock, podSelector, namespaceSelector }: Peer): boolean {
  return ipBlock !== undefined || (isEmpty(podSelector) && isEmpty(namespaceSelector));
}

function isEmpty(selector: object | undefined): boolean {
  return !selector || Object.keys(selector).length === 0;
}

function namespaceOf({ namespaceSelector }: Peer): string | undefined {
  return namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'];
}

function destination(peer: Peer, ports: readonly Port[]): string {
  const numbers = ports.map(({ port }) => port).join('/');
  if (peer.ipBlock) return numbers === '443' && peer.ipBlock.except ? 'issuer' : 'anywhere';
  const labels = (peer.podSelector?.matchLabels ?? {}) as Labels;
  if (labels['k8s-app'] === 'kube-dns' && numbers === '53/53') return 'dns';
  if (labels['cnpg.io/podRole'] === 'instance' && numbers === '5432') return 'postgresql';
  if (labels['app.kubernetes.io/name'] === 'redis' && numbers === '6379') return 'redis';
  return `${JSON.stringify(labels)} ${numbers}`;
}
