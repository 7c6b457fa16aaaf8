import { containersWhere, type Rule } from './rule.js';

const BY_DIGEST = /^[^@]+@sha256:[0-9a-f]{64}$/;
const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const;

/** What containers are started from, and what they may use. */
export const CONTAINERS: readonly Rule[] = [
  {
    name: 'image-by-digest',
    because: 'a tag may mean another image tomorrow, or on another node',
    covers: [
      'kube-score: container-image-tag',
      'kube-linter: latest-tag',
      'polaris: tagNotSpecified',
      'checkov: CKV_K8S_14',
      'checkov: CKV_K8S_43',
      'trivy: KSV013',
    ],
    faults: containersWhere('its image is not named by digest', ({ image = '' }) =>
      BY_DIGEST.test(image),
    ),
  },
  {
    name: 'pull-if-not-present',
    because: 'pods start while the registry is away; a digest is the same wherever it comes from',
    covers: [],
    faults: containersWhere(
      'imagePullPolicy is not IfNotPresent',
      ({ imagePullPolicy }) => imagePullPolicy === 'IfNotPresent',
    ),
  },
  {
    name: 'requests-and-limits',
    because: 'the scheduler places by requests; without a limit one pod takes the node from others',
    covers: [
      'kube-score: container-resources',
      'kube-score: container-ephemeral-storage-request-and-limit',
      'kube-linter: unset-cpu-requirements',
      'kube-linter: unset-memory-requirements',
      'polaris: cpuRequestsMissing',
      'polaris: cpuLimitsMissing',
      'polaris: memoryRequestsMissing',
      'polaris: memoryLimitsMissing',
      'checkov: CKV_K8S_10',
      'checkov: CKV_K8S_11',
      'checkov: CKV_K8S_12',
      'checkov: CKV_K8S_13',
      'trivy: KSV011',
      'trivy: KSV015',
      'trivy: KSV016',
      'trivy: KSV018',
    ],
    faults: containersWhere(
      `requests and limits of ${RESOURCES.join(', ')} are not all set`,
      ({ resources: { requests = {}, limits = {} } = {} }) =>
        RESOURCES.every((name) => requests[name] !== undefined && limits[name] !== undefined),
    ),
  },
  {
    name: 'memory-backed-volumes-are-bounded',
    because: 'what is written to them counts as memory of the pod, without end',
    covers: [],
    faults: ({ pods }) =>
      pods.flatMap(({ owner, spec }) =>
        (spec.volumes ?? [])
          .filter(({ emptyDir }) => emptyDir && emptyDir.sizeLimit === undefined)
          .map(({ name }) => `${owner}, volume ${name}: has no sizeLimit`),
      ),
  },
  {
    name: 'named-ports',
    because: 'Services, probes and policies say the name, so that a number stands once',
    covers: ['kube-score: container-ports-check'],
    faults: containersWhere('has ports without a name, or two of one name', ({ ports = [] }) => {
      const names = ports.map(({ name }) => name);
      return !names.includes(undefined) && new Set(names).size === names.length;
    }),
  },
];
