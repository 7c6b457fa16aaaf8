import { createHash } from 'node:crypto';
import { containersOf, type Manifest, ManifestSet } from '../manifest.js';
import { servicePods } from '../policy/environment.js';

/** The parts of an overlay, in the order in which they are applied. */
export interface Stages {
  readonly namespace: string;
  /** Whatever the service stands on: databases, Redis, settings, policies, Services. */
  readonly foundation: readonly Manifest[];
  readonly migration: Manifest;
  /** What runs the service, and what leads to it. */
  readonly service: readonly Manifest[];
}

const OF_THE_SERVICE = [
  'Deployment',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
  'Ingress',
  'ServiceMonitor',
  'PrometheusRule',
];

/** The overlay with the image that is to be deployed, in every container of the service. */
export function withImage(set: ManifestSet, image: string): ManifestSet {
  const changed = new ManifestSet(set.overlay, structuredClone([...set.all]));
  for (const { spec } of servicePods(changed)) {
    for (const container of containersOf(spec)) container.image = image;
  }
  return changed;
}

/** @throws Error if the overlay has not one namespace and one Job */
export function stagesOf(set: ManifestSet): Stages {
  const [namespace] = set.ofKind('Namespace');
  const [job, ...more] = set.ofKind('Job');
  if (!namespace || !job || more.length > 0) {
    throw new Error(`${set.overlay} has not one namespace and one Job`);
  }
  const rest = set.all.filter((manifest) => manifest !== job);
  return {
    namespace: namespace.metadata.name,
    foundation: rest.filter((manifest) => !isOfTheService(manifest)),
    migration: namedByContent(job),
    service: rest.filter(isOfTheService),
  };
}

function isOfTheService({ kind }: Manifest): boolean {
  return OF_THE_SERVICE.includes(kind);
}

/** A Job cannot be changed: one that does something else has to be another. */
function namedByContent(job: Manifest): Manifest {
  const hash = createHash('sha256').update(JSON.stringify(job)).digest('hex').slice(0, 10);
  return { ...job, metadata: { ...job.metadata, name: `${job.metadata.name}-${hash}` } };
}
