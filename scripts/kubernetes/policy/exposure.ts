import { containersOf, type ManifestSet, type Pod, selects } from '../manifest.js';
import { databasesOf } from './database-pods.js';
import type { Rule } from './rule.js';

const EXPOSED = ['/aggregations', '/messages'];

const services = (set: ManifestSet) => set.ofKind('Service');
const ingresses = (set: ManifestSet) => set.ofKind('Ingress');

/** What can be reached, and from where. */
export const EXPOSURE: readonly Rule[] = [
  {
    name: 'services-stay-inside',
    because: 'what is reached from outside is reached through the ingress, and nothing else is',
    covers: ['kube-score: service-type', 'kube-linter: exposed-services'],
    faults: (set) =>
      services(set)
        .filter(({ spec }) => (spec?.type ?? 'ClusterIP') !== 'ClusterIP' || spec?.externalIPs)
        .map(({ metadata }) => `Service/${metadata.name}: is reached from outside`),
  },
  {
    name: 'services-lead-to-pods',
    because: 'a Service that finds no pod, or no port of it, refuses every connection',
    covers: [
      'kube-score: service-targets-pod',
      'kube-linter: dangling-service',
      'kube-linter: invalid-target-ports',
    ],
    faults: (set) =>
      services(set)
        .filter(({ spec }) => {
          const pods = [...set.pods, ...databasesOf(set)].filter(({ labels }) =>
            selects(spec?.selector, labels),
          );
          const targets = spec?.ports?.map(({ targetPort, port }) => targetPort ?? port) ?? [];
          const reached = pods.some((pod) => targets.every((port) => portsOf(pod).includes(port)));
          return targets.length === 0 || !reached;
        })
        .map(({ metadata }) => `Service/${metadata.name}: leads to no port of a pod`),
  },
  {
    name: 'ingress-exposes-the-api-alone',
    because: 'health and metrics say more of the service than callers are to know',
    covers: [],
    faults: (set) =>
      ingresses(set).flatMap(({ metadata, spec }) => {
        const paths = (spec?.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
        const open = paths.map(({ path = '/', pathType }) => `${path} ${pathType}`).toSorted();
        const wanted = EXPOSED.map((path) => `${path} Prefix`);
        return open.join() === wanted.join() && !spec?.defaultBackend
          ? []
          : [`Ingress/${metadata.name}: exposes ${open.join(', ')}`];
      }),
  },
  {
    name: 'ingress-leads-to-the-api',
    because: 'a path that leads to no Service is 503 for everybody',
    covers: ['kube-score: ingress-targets-service', 'kube-linter: dangling-ingress'],
    faults: (set) =>
      ingresses(set).flatMap(({ metadata, spec }) => {
        const paths = (spec?.rules ?? []).flatMap(({ http }) => http?.paths ?? []);
        return paths
          .filter(({ backend }) => {
            const target = set.find('Service', backend.service?.name ?? '');
            const names = target?.spec?.ports?.map(({ name }) => name) ?? [];
            return backend.service?.port?.name !== 'http' || !names.includes('http');
          })
          .map(({ path }) => `Ingress/${metadata.name}: ${path} leads nowhere`);
      }),
  },
  {
    name: 'ingress-has-tls',
    because: 'access tokens would be sent in the clear',
    covers: ['polaris: tlsSettingsMissing'],
    faults: (set) =>
      ingresses(set).flatMap(({ metadata, spec }) => {
        const covered = (spec?.tls ?? []).flatMap(({ hosts = [], secretName }) =>
          secretName ? hosts : [],
        );
        return (spec?.rules ?? [])
          .filter(({ host }) => host === undefined || !covered.includes(host))
          .map(({ host }) => `Ingress/${metadata.name}: ${host ?? 'any host'} has no certificate`);
      }),
  },
];

function portsOf(pod: Pod): unknown[] {
  const ports = containersOf(pod.spec).flatMap((container) => container.ports ?? []);
  return ports.flatMap(({ name, containerPort }) => [name, containerPort]);
}
