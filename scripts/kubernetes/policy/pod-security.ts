import type { Container, Pod } from '../manifest.js';
import { containersWhere, podsWhere, type Rule } from './rule.js';

/** Kinds of volumes that the Pod Security Standard "restricted" allows. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** Below are the users of the nodes. */
const ID_MIN = 10_000;

type Context = keyof NonNullable<Container['securityContext']> &
  keyof NonNullable<Pod['spec']['securityContext']>;

/** As Kubernetes takes it: the container's own, else the pod's. */
const effective = <Key extends Context>(key: Key, { securityContext }: Container, { spec }: Pod) =>
  securityContext?.[key] ?? spec.securityContext?.[key];

const id = (value: unknown) => typeof value === 'number' && value >= ID_MIN;

/** The Pod Security Standard "restricted", field by field, and what linters ask beyond it. */
export const POD_SECURITY: readonly Rule[] = [
  {
    name: 'no-host-namespaces',
    because: 'the node and its other pods are not to be seen from a pod',
    covers: [
      'kube-linter: host-ipc',
      'kube-linter: host-network',
      'kube-linter: host-pid',
      'polaris: hostIPCSet',
      'polaris: hostPIDSet',
      'polaris: hostNetworkSet',
      'checkov: CKV_K8S_17',
      'trivy: KSV008',
      'trivy: KSV009',
      'trivy: KSV010',
    ],
    faults: podsWhere(
      'shares a namespace with its node',
      ({ spec }) => !spec.hostIPC && !spec.hostPID && !spec.hostNetwork,
    ),
  },
  {
    name: 'safe-volumes',
    because: "a path of the node's is a way out of the pod",
    covers: [
      'kube-linter: docker-sock',
      'kube-linter: sensitive-host-mounts',
      'polaris: hostPathSet',
      'trivy: KSV006',
      'trivy: KSV023',
      'trivy: KSV028',
    ],
    faults: podsWhere('has a volume that is not allowed', ({ spec }) =>
      (spec.volumes ?? []).every((volume) =>
        Object.keys(volume).every((key) => key === 'name' || VOLUMES.includes(key)),
      ),
    ),
  },
  {
    name: 'no-sysctls',
    because: 'kernel settings reach beyond the pod',
    covers: ['kube-linter: unsafe-sysctls'],
    faults: podsWhere(
      'sets kernel parameters',
      ({ spec }) => (spec.securityContext?.sysctls ?? []).length === 0,
    ),
  },
  {
    name: 'non-root',
    because: 'an image that runs as root is refused, not run',
    covers: [
      'kube-linter: run-as-non-root',
      'polaris: runAsRootAllowed',
      'checkov: CKV_K8S_23',
      'checkov: CKV_K8S_29',
      'trivy: KSV012',
    ],
    faults: containersWhere(
      'runAsNonRoot is not true',
      (container, pod) => effective('runAsNonRoot', container, pod) === true,
    ),
  },
  {
    name: 'high-ids',
    because: "an id of the node's users would own their files, should it get out",
    covers: [
      'kube-score: container-security-context-user-group-id',
      'checkov: CKV_K8S_40',
      'trivy: KSV020',
      'trivy: KSV021',
      'trivy: KSV029',
    ],
    faults: containersWhere(
      `runAsUser and runAsGroup are not both ${ID_MIN} or above`,
      (container, pod) =>
        id(effective('runAsUser', container, pod)) && id(effective('runAsGroup', container, pod)),
    ),
  },
  {
    name: 'seccomp',
    because: 'system calls that no program needs are the usual way out of a container',
    covers: [
      'kube-score: container-seccomp-profile',
      'checkov: CKV_K8S_31',
      'trivy: KSV030',
      'polaris: linuxHardening',
    ],
    faults: containersWhere(
      'its seccomp profile is not RuntimeDefault',
      (container, pod) => effective('seccompProfile', container, pod)?.type === 'RuntimeDefault',
    ),
  },
  {
    name: 'no-selinux-options',
    because: 'a label of its own may allow more than that of the runtime',
    covers: ['trivy: KSV025'],
    faults: containersWhere(
      'sets SELinux options',
      (container, pod) => effective('seLinuxOptions', container, pod) === undefined,
    ),
  },
  {
    name: 'no-privilege-escalation',
    because: 'a setuid program would give more than the pod was given',
    covers: [
      'kube-linter: privilege-escalation-container',
      'polaris: privilegeEscalationAllowed',
      'checkov: CKV_K8S_20',
      'checkov: CKV_K8S_30',
      'trivy: KSV001',
    ],
    faults: containersWhere(
      'allowPrivilegeEscalation is not false',
      ({ securityContext }) => securityContext?.allowPrivilegeEscalation === false,
    ),
  },
  {
    name: 'not-privileged',
    because: 'a privileged container is root on its node',
    covers: [
      'kube-score: container-security-context-privileged',
      'kube-linter: privileged-container',
      'polaris: runAsPrivileged',
      'checkov: CKV_K8S_16',
      'trivy: KSV017',
    ],
    faults: containersWhere(
      'privileged is not false',
      ({ securityContext }) => securityContext?.privileged === false,
    ),
  },
  {
    name: 'read-only-root',
    because: 'what gets in finds no place to stay',
    covers: [
      'kube-score: container-security-context-readonlyrootfilesystem',
      'kube-linter: no-read-only-root-fs',
      'polaris: notReadOnlyRootFilesystem',
      'checkov: CKV_K8S_22',
      'trivy: KSV014',
    ],
    faults: containersWhere(
      'readOnlyRootFilesystem is not true',
      ({ securityContext }) => securityContext?.readOnlyRootFilesystem === true,
    ),
  },
  {
    name: 'no-capabilities',
    because: 'nothing here needs a part of what root may',
    covers: [
      'kube-linter: drop-net-raw-capability',
      'polaris: dangerousCapabilities',
      'polaris: insecureCapabilities',
      'checkov: CKV_K8S_28',
      'checkov: CKV_K8S_37',
      'trivy: KSV003',
      'trivy: KSV005',
    ],
    faults: containersWhere('its capabilities are not: drop ALL, add none', (container) => {
      const { drop = [], add = [] } = container.securityContext?.capabilities ?? {};
      return drop.includes('ALL') && add.length === 0;
    }),
  },
  {
    name: 'no-host-access',
    because: "a port of the node's goes round the Service, an unmasked /proc shows the node",
    covers: ['polaris: hostPortSet', 'polaris: procMount', 'trivy: KSV024', 'trivy: KSV027'],
    faults: containersWhere(
      'takes a port of its node, or /proc unmasked',
      ({ ports = [], securityContext }) =>
        ports.every(({ hostPort }) => hostPort === undefined) &&
        (securityContext?.procMount ?? 'Default') === 'Default',
    ),
  },
  {
    name: 'no-ssh',
    because: 'nobody logs into a pod',
    covers: ['kube-linter: ssh-port'],
    faults: containersWhere('listens on port 22', ({ ports = [] }) =>
      ports.every(({ containerPort }) => containerPort !== 22),
    ),
  },
];
