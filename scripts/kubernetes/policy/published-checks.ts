import type { LinterCheck } from './rule.js';

type Linter = 'kube-score' | 'kube-linter' | 'polaris' | 'checkov' | 'trivy';

/**
 * The checks of the usual linters that concern what is in these manifests: those that they make by
 * default, and those of the others that are worth it. Each is covered by a rule, or excepted.
 */
const CHECKS: Readonly<Record<Linter, string>> = {
  'kube-score': `
    container-resources container-ephemeral-storage-request-and-limit container-image-tag
    container-image-pull-policy container-seccomp-profile container-ports-check
    container-cpu-requests-equal-limits container-memory-requests-equal-limits
    container-security-context-user-group-id container-security-context-privileged
    container-security-context-readonlyrootfilesystem pod-probes pod-probes-identical
    pod-networkpolicy networkpolicy-targets-pod pod-topology-spread-constraints
    deployment-has-poddisruptionbudget statefulset-has-poddisruptionbudget
    poddisruptionbudget-has-policy deployment-has-host-podantiaffinity
    statefulset-has-host-podantiaffinity deployment-replicas deployment-strategy
    deployment-targeted-by-hpa-does-not-have-replicas-configured
    horizontalpodautoscaler-has-target horizontalpodautoscaler-replicas
    deployment-pod-selector-labels-match-template-metadata-labels
    statefulset-pod-selector-labels-match-template-metadata-labels statefulset-has-servicename
    service-targets-pod service-type ingress-targets-service
    environment-variable-key-duplication stable-version label-values`,
  'kube-linter': `
    dangling-service dangling-horizontalpodautoscaler dangling-ingress dangling-networkpolicy
    dangling-networkpolicypeer-podselector dangling-servicemonitor default-service-account
    deprecated-service-account-field dnsconfig-options docker-sock drop-net-raw-capability
    duplicate-env-var env-var-secret exposed-services host-ipc host-network host-pid
    hpa-minimum-three-replicas invalid-target-ports job-ttl-seconds-after-finished latest-tag
    liveness-port minimum-three-replicas mismatching-selector no-anti-affinity
    no-extensions-v1beta no-liveness-probe no-read-only-root-fs no-readiness-probe
    no-rolling-update-strategy non-existent-service-account non-isolated-pod
    pdb-max-unavailable pdb-min-available pdb-unhealthy-pod-eviction-policy priority-class-name
    privilege-escalation-container privileged-container read-secret-from-env-var readiness-port
    restart-policy run-as-non-root schema-validation sensitive-host-mounts ssh-port startup-port
    unsafe-sysctls unset-cpu-requirements unset-memory-requirements use-namespace
    wildcard-in-rules`,
  polaris: `
    automountServiceAccountToken clusterrolePodExecAttach clusterrolebindingClusterAdmin
    cpuLimitsMissing cpuRequestsMissing dangerousCapabilities deploymentMissingReplicas
    hostIPCSet hostNetworkSet hostPIDSet hostPathSet hostPortSet hpaMaxAvailability
    hpaMinAvailability insecureCapabilities linuxHardening livenessProbeMissing
    memoryLimitsMissing memoryRequestsMissing metadataAndInstanceMismatched
    missingNetworkPolicy missingPodDisruptionBudget notReadOnlyRootFilesystem
    pdbDisruptionsIsZero pdbMinAvailableGreaterThanHPAMinReplicas priorityClassNotSet
    privilegeEscalationAllowed procMount pullPolicyNotAlways readinessProbeMissing
    rolePodExecAttach rolebindingClusterAdminRole runAsPrivileged runAsRootAllowed
    sensitiveConfigmapContent sensitiveContainerEnvVar tagNotSpecified tlsSettingsMissing
    topologySpreadConstraint`,
  checkov: `
    CKV_K8S_8 CKV_K8S_9 CKV_K8S_10 CKV_K8S_11 CKV_K8S_12 CKV_K8S_13 CKV_K8S_14 CKV_K8S_15
    CKV_K8S_16 CKV_K8S_17 CKV_K8S_20 CKV_K8S_21 CKV_K8S_22 CKV_K8S_23 CKV_K8S_28 CKV_K8S_29
    CKV_K8S_30 CKV_K8S_31 CKV_K8S_35 CKV_K8S_37 CKV_K8S_38 CKV_K8S_40 CKV_K8S_43 CKV2_K8S_6`,
  trivy: `
    KSV001 KSV002 KSV003 KSV005 KSV006 KSV008 KSV009 KSV010 KSV011 KSV012 KSV013 KSV014 KSV015
    KSV016 KSV017 KSV018 KSV020 KSV021 KSV023 KSV024 KSV025 KSV027 KSV028 KSV029 KSV030`,
};

export const PUBLISHED_CHECKS: readonly LinterCheck[] = (
  Object.entries(CHECKS) as [Linter, string][]
).flatMap(([linter, names]) =>
  names
    .trim()
    .split(/\s+/)
    .map((name): LinterCheck => `${linter}: ${name}`),
);

export interface Exception {
  readonly checks: readonly LinterCheck[];
  readonly because: string;
}

/** What is not followed, or is covered by something else than a rule. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    checks: [
      'kube-score: container-image-pull-policy',
      'polaris: pullPolicyNotAlways',
      'checkov: CKV_K8S_15',
    ],
    because:
      'Always is for tags, which change. Images are named by digest here (image-by-digest); with ' +
      'Always, no pod would start while the registry is away.',
  },
  {
    checks: ['kube-linter: read-secret-from-env-var', 'checkov: CKV_K8S_35'],
    because:
      'The service takes its configuration from the environment alone. It starts no other program ' +
      'that could inherit it, and its image has no shell to print it with.',
  },
  {
    checks: ['kube-linter: priority-class-name', 'polaris: priorityClassNotSet'],
    because:
      'Priority classes are objects of the whole cluster, for whoever runs it to make and hand out.',
  },
  {
    checks: ['trivy: KSV002'],
    because:
      "Nodes that have AppArmor apply the runtime's profile by default; to ask for it by name keeps " +
      'pods off those that have SELinux instead.',
  },
  {
    checks: ['kube-linter: schema-validation'],
    because: 'npm run k8s:check validates against the schemas before it asks any rule.',
  },
  {
    checks: [
      'kube-score: container-cpu-requests-equal-limits',
      'kube-score: container-memory-requests-equal-limits',
    ],
    because:
      'The service uses more than it is given by rights for moments only (garbage collection, TLS, a ' +
      'burst). Databases are given all that they may use (databases-keep-what-they-have).',
  },
];
