import { add, all, drop, type Mutation, push, put, remove } from './mutation.js';

const INGRESS = 'Ingress/messages';
const POLICY = 'NetworkPolicy/messages';
const anywhere = { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 443 }] };

/** Of policies, Services, and the Ingress. */
export const NETWORK_MUTATIONS: Readonly<Record<string, readonly Mutation[]>> = {
  'denies-by-default': [
    remove('NetworkPolicy/default-deny'),
    put('NetworkPolicy/default-deny', 'spec/podSelector', {
      matchLabels: { 'app.kubernetes.io/name': 'redis' },
    }),
    put('NetworkPolicy/default-deny', 'spec/egress', [{}]),
  ],
  'every-pod-has-a-policy': [
    remove('NetworkPolicy/messages-redis'),
    remove('NetworkPolicy/messages-s1'),
  ],
  'policies-name-both-ways': [
    put('NetworkPolicy/messages-redis', 'spec/policyTypes', ['Ingress']),
    drop('NetworkPolicy/messages-s0', 'spec/policyTypes'),
  ],
  'policies-select-pods': [
    put(
      'NetworkPolicy/messages-redis',
      'spec/ingress/0/from/0/podSelector/matchLabels/app.kubernetes.io~name',
      'message',
    ),
    add({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: 'another',
        namespace: 'messages',
        labels: {
          'app.kubernetes.io/name': 'another',
          'app.kubernetes.io/instance': 'another',
          'app.kubernetes.io/component': 'another',
          'app.kubernetes.io/part-of': 'messages',
        },
      },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'another' } },
        policyTypes: ['Ingress', 'Egress'],
      },
    }),
  ],
  'no-open-way-in': [
    drop('NetworkPolicy/messages-redis', 'spec/ingress/0/from'),
    drop('NetworkPolicy/messages-s0', 'spec/ingress/0/ports'),
    push('NetworkPolicy/messages-s0', 'spec/ingress/0/from', { namespaceSelector: {} }),
    push('NetworkPolicy/messages-redis', 'spec/ingress/0/from', {
      ipBlock: { cidr: '0.0.0.0/0' },
    }),
  ],
  'api-from-the-ingress-metrics-from-prometheus': [
    drop(POLICY, 'spec/ingress/0'),
    drop(POLICY, 'spec/ingress/1'),
    push(POLICY, 'spec/ingress/0/ports', { port: 'management' }),
    put(
      POLICY,
      'spec/ingress/1/from/0/namespaceSelector/matchLabels/kubernetes.io~metadata.name',
      'default',
    ),
  ],
  'out-to-what-it-needs': [
    drop(POLICY, 'spec/egress/0'),
    drop(POLICY, 'spec/egress/1'),
    drop(POLICY, 'spec/egress/2'),
    drop(POLICY, 'spec/egress/3'),
    drop(POLICY, 'spec/egress/3/to/0/ipBlock/except'),
    push(POLICY, 'spec/egress', {}),
    push('NetworkPolicy/messages-migrate', 'spec/egress', anywhere),
  ],
  'metrics-are-scraped': [remove('ServiceMonitor/messages')],
  'alerts-are-there': [
    all(
      ...['availability', 'latency', 'service', 'database', 'cache'].map((name) =>
        remove(`PrometheusRule/messages-${name}`),
      ),
    ),
  ],
  'monitors-lead-to-services': [
    add({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: {
        name: 'another',
        namespace: 'messages',
        labels: {
          'app.kubernetes.io/name': 'another',
          'app.kubernetes.io/instance': 'another',
          'app.kubernetes.io/component': 'another',
          'app.kubernetes.io/part-of': 'messages',
        },
      },
      spec: {
        selector: { matchLabels: { 'app.kubernetes.io/name': 'messages' } },
        endpoints: [{ port: 'metrics' }],
      },
    }),
  ],
  'services-stay-inside': [
    put('Service/messages', 'spec/type', 'NodePort'),
    put('Service/messages-s0-1', 'spec/type', 'LoadBalancer'),
    put('Service/messages', 'spec/externalIPs', ['192.0.2.1']),
  ],
  'services-lead-to-pods': [
    put('Service/messages', 'spec/ports/0/targetPort', 'web'),
    put('Service/messages', 'spec/selector/app.kubernetes.io~name', 'message'),
    put('Service/messages-management', 'spec/ports/0/targetPort', 8080),
  ],
  'ingress-exposes-the-api-alone': [
    put(INGRESS, 'spec/rules/0/http/paths/0/path', '/'),
    drop(INGRESS, 'spec/rules/0/http/paths/1'),
    push(INGRESS, 'spec/rules/0/http/paths', {
      path: '/metrics',
      pathType: 'Prefix',
      backend: { service: { name: 'messages', port: { name: 'http' } } },
    }),
    put(INGRESS, 'spec/defaultBackend', { service: { name: 'messages', port: { name: 'http' } } }),
  ],
  'ingress-leads-to-the-api': [
    put(INGRESS, 'spec/rules/0/http/paths/0/backend/service/name', 'message'),
    put(INGRESS, 'spec/rules/0/http/paths/1/backend/service', {
      name: 'messages-management',
      port: { name: 'management' },
    }),
  ],
  'ingress-has-tls': [
    drop(INGRESS, 'spec/tls'),
    put(INGRESS, 'spec/tls/0/hosts/0', 'another.example.com'),
    drop(INGRESS, 'spec/tls/0/secretName'),
    drop(INGRESS, 'spec/rules/0/host'),
  ],
};
