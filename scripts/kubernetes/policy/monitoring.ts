import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IService } from 'kubernetes-models/v1';
import { type ManifestSet, selects } from '../manifest.js';
import type { Rule } from './rule.js';

/** What Prometheus is told. */
export const MONITORING: readonly Rule[] = [
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
