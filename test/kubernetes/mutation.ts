import { type Manifest, ManifestSet, named } from '../../scripts/kubernetes/manifest.js';

/** A change of the manifests that a rule of the policy has to see. */
export interface Mutation {
  readonly what: string;
  readonly apply: (manifests: Manifest[]) => Manifest[];
}

/** The set as it would be after the change; the set itself stays as it is. */
export function mutated(set: ManifestSet, { apply }: Mutation): ManifestSet {
  return new ManifestSet(set.overlay, apply(structuredClone([...set.all])));
}

/**
 * Sets a field.
 *
 * @param owner as `Deployment/messages`; one that ends in a dash goes on with kustomize's hash
 * @param path fields and indexes, separated by slashes; a slash within a field is a tilde
 */
export function put(owner: string, path: string, value: unknown): Mutation {
  return change(owner, path, `= ${JSON.stringify(value)}`, (parent, key) => {
    parent[key] = value;
  });
}

/** Takes a field, or an element of a list, away. */
export function drop(owner: string, path: string): Mutation {
  return change(owner, path, 'taken away', (parent, key) => {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
  });
}

/** Adds an element to a list. */
export function push(owner: string, path: string, value: unknown): Mutation {
  return change(owner, path, `with ${JSON.stringify(value)}`, (parent, key) => {
    parent[key] = [...((parent[key] as unknown[] | undefined) ?? []), value];
  });
}

/** Replaces part of a text. */
export function edit(owner: string, path: string, from: string, to: string): Mutation {
  return change(owner, path, `${from} -> ${to}`, (parent, key) => {
    const text = parent[key] as string;
    if (!text.includes(from)) throw new Error(`${owner} has no ${from} in ${path}`);
    parent[key] = text.replaceAll(from, to);
  });
}

/** Takes a manifest away. */
export function remove(owner: string): Mutation {
  return {
    what: `${owner} taken away`,
    apply: (manifests) => {
      const gone = find(manifests, owner);
      return manifests.filter((manifest) => manifest !== gone);
    },
  };
}

/** Adds a manifest. */
export function add(manifest: Manifest): Mutation {
  return { what: `${named(manifest)} added`, apply: (manifests) => [...manifests, manifest] };
}

/** Several changes as one. */
export function all(...mutations: readonly Mutation[]): Mutation {
  return {
    what: mutations.map(({ what }) => what).join(', and '),
    apply: (manifests) => mutations.reduce((result, { apply }) => apply(result), manifests),
  };
}

/** In kustomize's own alphabet: other names go on alike, as `messages-dashboards` does. */
const KUSTOMIZE_HASH = /^[bcdfghkmt2456789]{10}$/;

type Fields = Record<string, unknown>;

function change(
  owner: string,
  path: string,
  how: string,
  act: (parent: Fields, key: string) => void,
): Mutation {
  return {
    what: `${owner} ${path} ${how}`,
    apply: (manifests) => {
      const keys = path.split('/').map((key) => key.replaceAll('~', '/'));
      const last = keys.pop() as string;
      let parent = find(manifests, owner) as Fields;
      for (const key of keys) {
        const next = parent[key] as Fields | undefined;
        if (next === undefined) throw new Error(`${owner} has no ${key} of ${path}`);
        parent = next;
      }
      act(parent, last);
      return manifests;
    },
  };
}

function find(manifests: Manifest[], owner: string): Manifest {
  const found = manifests.find((manifest) => {
    const name = named(manifest);
    if (!owner.endsWith('-')) return name === owner;
    return name.startsWith(owner) && KUSTOMIZE_HASH.test(name.slice(owner.length));
  });
  if (!found) throw new Error(`there is no ${owner}`);
  return found;
}
