import { type ManifestSet, type Pod, selects } from '../manifest.js';
import { podsWhere, type Rule } from './rule.js';

const REPLICAS_MIN = { production: 3, elsewhere: 2 };

const deployments = (set: ManifestSet) => set.ofKind('Deployment');
const autoscalers = (set: ManifestSet) => set.ofKind('HorizontalPodAutoscaler');
const budgets = (set: ManifestSet) => set.ofKind('PodDisruptionBudget');

const isReplicated = ({ kind }: Pod) => kind === 'Deployment';
const outlives = ({ kind }: Pod) => kind === 'Deployment' || kind === 'StatefulSet';

/** How many pods there are, and what may take them away. */
export const ROLLOUT: readonly Rule[] = [
  {
    name: 'rolls-out-without-a-gap',
    because: 'an old pod that goes before its successor serves is a part of the service gone',
    covers: ['kube-score: deployment-strategy', 'kube-linter: no-rolling-update-strategy'],
    faults: (set) =>
      deployments(set)
        .filter(({ spec }) => {
          const { type, rollingUpdate } = spec?.strategy ?? {};
          const { maxUnavailable, maxSurge } = rollingUpdate ?? {};
          return type !== 'RollingUpdate' || maxUnavailable !== 0 || !isPositive(maxSurge);
        })
        .map(({ metadata }) => `Deployment/${metadata.name}: maxUnavailable is not 0 with a surge`),
  },
  {
    name: 'the-autoscaler-alone-sets-replicas',
    because: 'every apply would set the number back, in the middle of the load',
    covers: ['kube-score: deployment-targeted-by-hpa-does-not-have-replicas-configured'],
    faults: (set) =>
      deployments(set)
        .filter(({ spec }) => spec?.replicas !== undefined)
        .map(({ metadata }) => `Deployment/${metadata.name}: sets replicas`),
  },
  {
    name: 'every-deployment-is-scaled',
    because: 'without an autoscaler there is one replica, and no more under load',
    covers: [
      'kube-score: horizontalpodautoscaler-has-target',
      'kube-linter: dangling-horizontalpodautoscaler',
    ],
    faults: (set) => {
      const targets = autoscalers(set).map(({ spec }) => {
        const { scaleTargetRef: target } = spec ?? {};
        return `${target?.kind}/${target?.name}`;
      });
      const there = deployments(set).map(({ metadata }) => `Deployment/${metadata.name}`);
      return [
        ...there.filter((name) => !targets.includes(name)).map((name) => `${name}: is not scaled`),
        ...targets.filter((name) => !there.includes(name)).map((name) => `scales no ${name}`),
      ];
    },
  },
  {
    name: 'enough-replicas',
    because: 'one goes with its node; a rollout or a drain then needs another beside it',
    covers: [
      'kube-score: horizontalpodautoscaler-replicas',
      'kube-score: deployment-replicas',
      'kube-linter: hpa-minimum-three-replicas',
      'kube-linter: minimum-three-replicas',
      'polaris: deploymentMissingReplicas',
      'polaris: hpaMinAvailability',
      'polaris: hpaMaxAvailability',
    ],
    faults: (set) => {
      const least = set.overlay === 'production' ? REPLICAS_MIN.production : REPLICAS_MIN.elsewhere;
      return autoscalers(set)
        .filter(({ spec }) => {
          const { minReplicas = 1, maxReplicas } = spec ?? { maxReplicas: 1 };
          return minReplicas < least || maxReplicas <= minReplicas;
        })
        .map(({ metadata }) => `HorizontalPodAutoscaler/${metadata.name}: not from ${least} up`);
    },
  },
  {
    name: 'scales-by-cpu-and-by-requests-in-flight',
    because: 'a service that waits for a slow database uses no CPU, and is full all the same',
    covers: [],
    faults: (set) =>
      autoscalers(set).flatMap(({ metadata, spec }) => {
        const metrics = spec?.metrics ?? [];
        const names = metrics.map(({ resource, pods }) => resource?.name ?? pods?.metric.name);
        return ['cpu', 'http_server_requests_in_flight']
          .filter((name) => !names.includes(name))
          .map((name) => `HorizontalPodAutoscaler/${metadata.name}: does not go by ${name}`);
      }),
  },
  {
    name: 'scales-down-slowly',
    because: 'a lull of a minute would take the pods away that the next one needs',
    covers: [],
    faults: (set) =>
      autoscalers(set)
        .filter(({ spec }) => (spec?.behavior?.scaleDown?.stabilizationWindowSeconds ?? 0) < 300)
        .map(({ metadata }) => `HorizontalPodAutoscaler/${metadata.name}: scales down at once`),
  },
  {
    name: 'one-disruption-at-a-time',
    because: 'drains of several nodes would take all pods at once, or wait for ever',
    covers: [
      'kube-score: deployment-has-poddisruptionbudget',
      'kube-score: statefulset-has-poddisruptionbudget',
      'kube-score: poddisruptionbudget-has-policy',
      'kube-linter: pdb-max-unavailable',
      'kube-linter: pdb-min-available',
      'polaris: missingPodDisruptionBudget',
      'polaris: pdbDisruptionsIsZero',
      'polaris: pdbMinAvailableGreaterThanHPAMinReplicas',
    ],
    faults: (set) =>
      podsWhere('has no budget of one disruption', (pod) => {
        const own = budgets(set).filter(({ spec }) =>
          selects(spec?.selector?.matchLabels, pod.labels),
        );
        return !outlives(pod) || (own.length === 1 && own[0]?.spec?.maxUnavailable === 1);
      })(set),
  },
  {
    name: 'broken-pods-do-not-block-drains',
    because: 'a pod that never gets ready would keep its node from being drained',
    covers: ['kube-linter: pdb-unhealthy-pod-eviction-policy'],
    faults: (set) =>
      budgets(set)
        .filter(({ spec }) => spec?.unhealthyPodEvictionPolicy !== 'AlwaysAllow')
        .map(({ metadata }) => `PodDisruptionBudget/${metadata.name}: not AlwaysAllow`),
  },
  {
    name: 'away-from-each-other',
    because: 'two replicas on one node go with it',
    covers: [
      'kube-score: deployment-has-host-podantiaffinity',
      'kube-score: statefulset-has-host-podantiaffinity',
      'kube-linter: no-anti-affinity',
    ],
    faults: podsWhere('may share its node with its like', (pod) => {
      const terms =
        pod.spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      const apart = terms.some(
        ({ podAffinityTerm: { topologyKey, labelSelector } }) =>
          topologyKey === 'kubernetes.io/hostname' &&
          selects(labelSelector?.matchLabels, pod.labels),
      );
      return !isReplicated(pod) || apart;
    }),
  },
  {
    name: 'spread-over-nodes-and-zones',
    because: 'anti-affinity counts for pairs only: the pods of a zone could be most of them',
    covers: ['kube-score: pod-topology-spread-constraints', 'polaris: topologySpreadConstraint'],
    faults: podsWhere('is not spread over nodes and zones', (pod) => {
      const constraints = pod.spec.topologySpreadConstraints ?? [];
      const keys = constraints
        .filter(({ maxSkew, labelSelector }) => {
          return maxSkew === 1 && selects(labelSelector?.matchLabels, pod.labels);
        })
        .map(({ topologyKey }) => topologyKey);
      const wanted = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'];
      return !isReplicated(pod) || wanted.every((key) => keys.includes(key));
    }),
  },
  {
    name: 'selectors-match',
    because: 'a workload that does not find its own pods makes more of them',
    covers: [
      'kube-linter: mismatching-selector',
      'kube-score: deployment-pod-selector-labels-match-template-metadata-labels',
      'kube-score: statefulset-pod-selector-labels-match-template-metadata-labels',
    ],
    faults: (set) =>
      [...deployments(set), ...set.ofKind('StatefulSet')]
        .filter(({ spec }) => {
          const labels = spec?.template.metadata?.labels;
          return !selects(spec?.selector.matchLabels, labels ?? {});
        })
        .map(({ kind, metadata }) => `${kind}/${metadata.name}: does not select its own pods`),
  },
  {
    name: 'restart-policies',
    because: 'what serves comes back; a migration that failed is looked at, not repeated in place',
    covers: ['kube-linter: restart-policy'],
    faults: podsWhere(
      'has not the restart policy of its kind',
      ({ kind, spec }) => spec.restartPolicy === (kind === 'Job' ? 'Never' : 'Always'),
    ),
  },
  {
    name: 'few-lookups',
    because: 'each name of the world outside would first be looked up within the cluster, in vain',
    covers: ['kube-linter: dnsconfig-options'],
    faults: podsWhere('does not set ndots to 2', (pod) => {
      const options = pod.spec.dnsConfig?.options ?? [];
      const asked = options.some(({ name, value }) => name === 'ndots' && value === '2');
      return !isReplicated(pod) || asked;
    }),
  },
];

function isPositive(value: string | number | undefined): boolean {
  return parseInt(`${value ?? 0}`, 10) > 0;
}
