import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IService } from 'kubernetes-models/v1';
import { type ManifestSet, selects } from '../manifest.js';
import type { Rule } from './rule.js';

/** What Prometheus is told. */
export const MONITORING: readonly Rule[] = [
  {
    name: 'metrics-are-scraped',
    because: 'alerts, dashboards and the autoscaler would see nothing',
    covers: [],
    faults: (set) => {
      const monitored = set
        .ofKind('ServiceMonitor')
        .flatMap((monitor) => scrapedBy(monitor, set))
        .map(({ spec }) => spec?.selector);
      return set.pods
        .filter(({ kind, labels }) => {
          const scraped = monitored.some((selector) => selects(selector, labels));
          return kind === 'Deployment' && !scraped;
        })
        .map(({ owner }) => `${owner}: no ServiceMonitor finds it`);
    },
  },
  {
    name: 'alerts-are-there',
    because: 'nobody would be woken',
    covers: [],
    faults: (set) => {
      const rules = set.ofKind('PrometheusRule').flatMap(({ spec }) => spec.groups ?? []);
      const alerts = rules.flatMap((group) => (group.rules ?? []).filter(({ alert }) => alert));
      return alerts.length > 0 ? [] : ['no PrometheusRule has an alert'];
    },
  },
  {
    name: 'monitors-lead-to-services',
    because: 'a monitor that finds nothing is silent, as if all were well',
    covers: ['kube-linter: dangling-servicemonitor'],
    faults: (set) =>
      set
        .ofKind('ServiceMonitor')
        .filter((monitor) => scrapedBy(monitor, set).length === 0)
        .map(({ metadata }) => `ServiceMonitor/${metadata.name}: finds no port of a Service`),
  },
];

/** The Services that the monitor finds, and that have every port that it asks. */
function scrapedBy({ spec }: IServiceMonitor, set: ManifestSet): IService[] {
  const asked = spec?.endpoints?.map(({ port }) => port) ?? [];
  return set.ofKind('Service').filter((service) => {
    const ports = service.spec?.ports?.map(({ name }) => name) ?? [];
    const found = selects(spec?.selector?.matchLabels, service.metadata.labels ?? {});
    return found && asked.length > 0 && asked.every((port) => ports.includes(port));
  });
}
