import type { ManifestSet, Pod } from '../manifest.js';

const PORTS = [
  { name: 'postgresql', containerPort: 5432 },
  { name: 'status', containerPort: 8000 },
  { name: 'metrics', containerPort: 9187 },
];

/** The pods that the operator makes of each Cluster, with the labels that it gives them. */
export function databasesOf(set: ManifestSet): Pod[] {
  return set.ofKind('Cluster').flatMap(({ metadata: { name }, spec }) =>
    Array.from({ length: spec.instances }, (_, index) => ({
      owner: `Cluster/${name}`,
      kind: 'Cluster',
      labels: {
        'cnpg.io/cluster': name,
        'cnpg.io/podRole': 'instance',
        'cnpg.io/instanceName': `${name}-${index + 1}`,
      },
      spec: { containers: [{ name: 'postgres', ports: PORTS }] },
    })),
  );
}
