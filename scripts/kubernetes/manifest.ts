import type { IPodSpec } from 'kubernetes-models/v1';
import type { Kinds } from './kinds.js';

/** An object as it is sent to Kubernetes. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  [field: string]: unknown;
}

export type Labels = Readonly<Record<string, string>>;

/** A pod that a manifest makes, and by which labels it is found. */
export interface Pod {
  /** As `Deployment/messages`. */
  readonly owner: string;
  readonly kind: string;
  readonly labels: Labels;
  readonly spec: IPodSpec;
}

export type Container = IPodSpec['containers'][number];

interface PodTemplate {
  readonly spec?: {
    readonly template?: { readonly metadata?: { labels?: Labels }; readonly spec?: IPodSpec };
  };
}

const WITH_PODS = ['Deployment', 'StatefulSet', 'Job', 'DaemonSet'];

/** What kustomize made of an overlay. */
export class ManifestSet {
  constructor(
    readonly overlay: string,
    readonly all: readonly Manifest[],
  ) {}

  /** Every manifest of a kind. */
  ofKind<Kind extends keyof Kinds>(kind: Kind): (Kinds[Kind] & Manifest)[] {
    return this.all.filter((manifest) => manifest.kind === kind) as (Kinds[Kind] & Manifest)[];
  }

  find<Kind extends keyof Kinds>(kind: Kind, name: string): Kinds[Kind] | undefined {
    return this.ofKind(kind).find(({ metadata }) => metadata.name === name);
  }

  /** Of Deployments, StatefulSets, Jobs. The pods of databases are their operator's to make. */
  get pods(): Pod[] {
    return this.all
      .filter(({ kind }) => WITH_PODS.includes(kind))
      .flatMap((manifest) => {
        const { template } = (manifest as PodTemplate).spec ?? {};
        if (!template?.spec) return [];
        const { kind } = manifest;
        const labels = template.metadata?.labels ?? {};
        return [{ owner: named(manifest), kind, labels, spec: template.spec }];
      });
  }
}

/** As `Deployment/messages`. */
export function named({ kind, metadata }: Manifest): string {
  return `${kind}/${metadata.name}`;
}

export function containersOf(spec: IPodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** Whether a selector of equalities finds what has these labels. */
export function selects(selector: Labels | undefined, labels: Labels): boolean {
  const wanted = Object.entries(selector ?? {});
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
