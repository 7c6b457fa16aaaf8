import type { Container, Pod } from '../manifest.js';
import { containersWhere, type Rule } from './rule.js';

type Probe = NonNullable<Container['livenessProbe']>;

const serves = ({ kind }: Pod) => kind === 'Deployment' || kind === 'StatefulSet';
const isService = ({ kind }: Pod) => kind === 'Deployment';
const probesOf = ({ startupProbe, readinessProbe, livenessProbe }: Container) =>
  [startupProbe, readinessProbe, livenessProbe].filter((probe) => probe !== undefined);
const asks = ({ httpGet, tcpSocket, exec }: Probe) =>
  JSON.stringify([httpGet?.path, tcpSocket?.port, exec?.command]);
const portOf = ({ httpGet, tcpSocket }: Probe) => httpGet?.port ?? tcpSocket?.port;

/** How Kubernetes learns of a container's state. */
export const PROBES: readonly Rule[] = [
  {
    name: 'readiness-and-liveness',
    because: 'traffic would go to what cannot serve, and what hangs would hang for ever',
    covers: [
      'kube-score: pod-probes',
      'kube-linter: no-liveness-probe',
      'kube-linter: no-readiness-probe',
      'polaris: livenessProbeMissing',
      'polaris: readinessProbeMissing',
      'checkov: CKV_K8S_8',
      'checkov: CKV_K8S_9',
    ],
    faults: containersWhere(
      'lacks a readiness or a liveness probe',
      ({ readinessProbe, livenessProbe }, pod) =>
        !serves(pod) || (readinessProbe !== undefined && livenessProbe !== undefined),
    ),
  },
  {
    name: 'startup-probe',
    because: 'liveness would kill a pod that connects for long, again and again',
    covers: [],
    faults: containersWhere(
      'lacks a startup probe',
      ({ startupProbe }, pod) => !isService(pod) || startupProbe !== undefined,
    ),
  },
  {
    name: 'liveness-is-not-readiness',
    because: 'a database that is away would restart every pod instead of taking it out',
    covers: ['kube-score: pod-probes-identical'],
    faults: containersWhere(
      'asks the same for liveness as for readiness',
      ({ readinessProbe, livenessProbe }) =>
        !livenessProbe || !readinessProbe || asks(livenessProbe) !== asks(readinessProbe),
    ),
  },
  {
    name: 'probes-on-declared-ports',
    because: 'a probe of a port that is not there never succeeds',
    covers: [
      'kube-linter: liveness-port',
      'kube-linter: readiness-port',
      'kube-linter: startup-port',
    ],
    faults: containersWhere('probes a port that it does not declare', (container) => {
      const declared = (container.ports ?? []).flatMap((port) => [port.name, port.containerPort]);
      return probesOf(container).every((probe) => {
        const port = portOf(probe);
        return port === undefined || declared.includes(port);
      });
    }),
  },
  {
    name: 'probes-on-the-management-port',
    because: 'load on the API port would make its pods look dead, one after another',
    covers: [],
    faults: containersWhere(
      'probes another port than management',
      (container, pod) =>
        !isService(pod) || probesOf(container).every((probe) => probe.httpGet?.port !== 'http'),
    ),
  },
];
