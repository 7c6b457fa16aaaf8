import { add, all, drop, type Mutation, push, put } from './mutation.js';

const API = 'Deployment/messages';
const MIGRATION = 'Job/messages-migrate';
const REDIS = 'StatefulSet/messages-redis';
const POD = 'spec/template/spec';
const CONTAINER = `${POD}/containers/0`;
const CONTEXT = `${CONTAINER}/securityContext`;

/** Takes away what stands both for the pod and for its container: each alone would do. */
const dropBoth = (owner: string, field: string) =>
  all(drop(owner, `${POD}/securityContext/${field}`), drop(owner, `${CONTEXT}/${field}`));

/** Of names, namespaces, and the security of pods and containers. */
export const POD_MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  'restricted-namespace': [
    drop('Namespace/messages', 'metadata/labels/pod-security.kubernetes.io~enforce'),
    put('Namespace/messages', 'metadata/labels/pod-security.kubernetes.io~audit', 'baseline'),
    drop('Namespace/messages', 'metadata/labels/pod-security.kubernetes.io~warn'),
  ],
  'own-namespace': [
    drop(API, 'metadata/namespace'),
    put('Cluster/messages-s0', 'metadata/namespace', 'default'),
  ],
  'standard-labels': [
    put('Service/messages', 'metadata/labels/app.kubernetes.io~instance', 'another'),
    drop('Cluster/messages-s1', 'metadata/labels/app.kubernetes.io~part-of'),
  ],
  'stable-apis': [put('Ingress/messages', 'apiVersion', 'networking.k8s.io/v1beta1')],
  'own-service-account': [
    drop(API, `${POD}/serviceAccountName`),
    put(MIGRATION, `${POD}/serviceAccountName`, 'unknown'),
    put(API, `${POD}/serviceAccount`, 'messages'),
  ],
  'no-token': [
    drop(API, `${POD}/automountServiceAccountToken`),
    put(MIGRATION, `${POD}/automountServiceAccountToken`, true),
    drop('ServiceAccount/messages', 'automountServiceAccountToken'),
  ],
  'no-rights': [
    add({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: {
        name: 'messages',
        namespace: 'messages',
        labels: {
          'app.kubernetes.io/name': 'messages',
          'app.kubernetes.io/instance': 'messages',
          'app.kubernetes.io/component': 'api',
          'app.kubernetes.io/part-of': 'messages',
        },
      },
      rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
    }),
  ],
  'no-host-namespaces': [
    put(API, `${POD}/hostPID`, true),
    put(API, `${POD}/hostIPC`, true),
    put(REDIS, `${POD}/hostNetwork`, true),
  ],
  'safe-volumes': [
    push(API, `${POD}/volumes`, { name: 'docker', hostPath: { path: '/var/run/docker.sock' } }),
    push(MIGRATION, `${POD}/volumes`, { name: 'share', nfs: { server: 'nfs', path: '/' } }),
  ],
  'no-sysctls': [
    put(API, `${POD}/securityContext/sysctls`, [{ name: 'kernel.msgmax', value: '1' }]),
  ],
  'non-root': [
    dropBoth(API, 'runAsNonRoot'),
    put(MIGRATION, `${CONTEXT}/runAsNonRoot`, false),
    dropBoth(REDIS, 'runAsNonRoot'),
  ],
  'high-ids': [
    dropBoth(API, 'runAsUser'),
    dropBoth(API, 'runAsGroup'),
    put(REDIS, `${CONTEXT}/runAsUser`, 999),
    put(MIGRATION, `${CONTEXT}/runAsGroup`, 0),
  ],
  seccomp: [
    dropBoth(API, 'seccompProfile'),
    put(MIGRATION, `${CONTEXT}/seccompProfile/type`, 'Unconfined'),
  ],
  'no-selinux-options': [put(API, `${CONTEXT}/seLinuxOptions`, { type: 'spc_t' })],
  'no-privilege-escalation': [
    drop(API, `${CONTEXT}/allowPrivilegeEscalation`),
    put(REDIS, `${CONTEXT}/allowPrivilegeEscalation`, true),
  ],
  'not-privileged': [
    put(API, `${CONTEXT}/privileged`, true),
    drop(MIGRATION, `${CONTEXT}/privileged`),
  ],
  'read-only-root': [
    drop(API, `${CONTEXT}/readOnlyRootFilesystem`),
    put(MIGRATION, `${CONTEXT}/readOnlyRootFilesystem`, false),
    drop(REDIS, `${CONTEXT}/readOnlyRootFilesystem`),
  ],
  'no-capabilities': [
    drop(API, `${CONTEXT}/capabilities`),
    put(MIGRATION, `${CONTEXT}/capabilities/drop`, ['NET_RAW']),
    put(REDIS, `${CONTEXT}/capabilities/add`, ['SYS_ADMIN']),
  ],
  'no-host-access': [
    put(API, `${CONTAINER}/ports/0/hostPort`, 3000),
    put(API, `${CONTEXT}/procMount`, 'Unmasked'),
  ],
  'no-ssh': [push(API, `${CONTAINER}/ports`, { name: 'ssh', containerPort: 22 })],
  'image-by-digest': [
    put(REDIS, `${CONTAINER}/image`, 'docker.io/library/redis:7.4-alpine'),
    put(REDIS, `${CONTAINER}/image`, 'docker.io/library/redis'),
  ],
  'pull-if-not-present': [
    drop(API, `${CONTAINER}/imagePullPolicy`),
    put(REDIS, `${CONTAINER}/imagePullPolicy`, 'Always'),
  ],
  'requests-and-limits': [
    drop(API, `${CONTAINER}/resources`),
    drop(API, `${CONTAINER}/resources/requests/cpu`),
    drop(API, `${CONTAINER}/resources/limits/memory`),
    drop(MIGRATION, `${CONTAINER}/resources/limits/ephemeral-storage`),
    drop(REDIS, `${CONTAINER}/resources/limits/cpu`),
  ],
  'memory-backed-volumes-are-bounded': [drop(API, `${POD}/volumes/0/emptyDir/sizeLimit`)],
  'named-ports': [push(API, `${CONTAINER}/ports`, { containerPort: 9229 })],
};
