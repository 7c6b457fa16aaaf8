import { type Config, ConfigError, readConfig } from '../../../src/config/index.js';
import type { ManifestSet, Pod } from '../manifest.js';

/** What stands for the value of a secret: of the right form, and nobody's. */
const STAND_IN = 'stand-in';

export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly secret: boolean;
}

/** The service itself, in its two roles: what serves, and what migrates. */
export function servicePods({ pods }: ManifestSet): Pod[] {
  return pods.filter(({ labels }) => labels['app.kubernetes.io/name'] === 'messages');
}

/** Every variable that the pod's container is given, in the order in which Kubernetes sets them. */
export function environmentOf({ spec }: Pod, set: ManifestSet): Variable[] {
  return spec.containers.flatMap(({ env = [], envFrom = [] }) => [
    ...envFrom.flatMap(({ configMapRef }) => {
      const { data = {} } = set.find('ConfigMap', configMapRef?.name ?? '') ?? {};
      return Object.entries(data).map(([name, value]) => ({ name, value, secret: false }));
    }),
    ...env.map(({ name, value, valueFrom }) =>
      valueFrom
        ? { name, value: STAND_IN, secret: true }
        : { name, value: value ?? '', secret: false },
    ),
  ]);
}

/** What the service makes of its environment; undefined if it would refuse to start. */
export function configurationOf(set: ManifestSet): Config | undefined {
  const [serving] = servicePods(set).filter(({ kind }) => kind === 'Deployment');
  return serving && readEnvironment(serving, set).config;
}

export function readEnvironment(
  pod: Pod,
  set: ManifestSet,
): { readonly config?: Config; readonly faults: readonly string[] } {
  const variables = environmentOf(pod, set).map(({ name, value }) => [name, value]);
  try {
    return { config: readConfig(Object.fromEntries(variables)), faults: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.faults };
    throw error;
  }
}
