import type { Manifest } from '../manifest.js';

/** Where the models of each group are: compiled validators and types for every kind. */
const PACKAGES: readonly (readonly [group: string, from: string])[] = [
  ['monitoring.coreos.com', '@kubernetes-models/prometheus-operator/monitoring.coreos.com'],
];

/** The module that holds the model of a kind, by the kind's name. */
export function modelModule({ apiVersion, kind }: Manifest): string {
  const [version = '', group] = apiVersion.split('/').toReversed();
  const custom = PACKAGES.find(([name]) => name === group)?.[1];
  const folder =
    custom ?? (group === undefined ? 'kubernetes-models' : `kubernetes-models/${group}`);
  return `${folder}/${version}/${kind}`;
}

type Model = new (data: object) => { validate(): void };

/** What the schema of its kind finds wrong. */
export async function modelFaults(manifest: Manifest): Promise<string[]> {
  let models: Record<string, Model>;
  try {
    models = (await import(modelModule(manifest))) as Record<string, Model>;
  } catch {
    return [`no schema is known for ${manifest.apiVersion} ${manifest.kind}`];
  }
  const ModelOfKind = models[manifest.kind] as Model;
  try {
    new ModelOfKind(manifest).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}
