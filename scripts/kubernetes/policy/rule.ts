import { type Container, containersOf, type ManifestSet, type Pod } from '../manifest.js';

/** A check of one of the linters that the policy follows, as `kube-linter: no-anti-affinity`. */
export type LinterCheck =
  `${'kube-score' | 'kube-linter' | 'polaris' | 'checkov' | 'trivy'}: ${string}`;

/** What has to hold in every overlay. */
export interface Rule {
  readonly name: string;
  /** What comes of it where it does not hold. */
  readonly because: string;
  /** The published checks that it stands for. */
  readonly covers: readonly LinterCheck[];
  /** One line for each place where it does not hold; none where it does. */
  readonly faults: (set: ManifestSet) => string[];
}

/** Of every pod for which `holds` does not, `fault`. */
export function podsWhere(
  fault: string,
  holds: (pod: Pod) => boolean,
): (set: ManifestSet) => string[] {
  return ({ pods }) => pods.filter((pod) => !holds(pod)).map(({ owner }) => `${owner}: ${fault}`);
}

/** Of every container for which `holds` does not, `fault`. */
export function containersWhere(
  fault: string,
  holds: (container: Container, pod: Pod) => boolean,
): (set: ManifestSet) => string[] {
  return ({ pods }) =>
    pods.flatMap((pod) =>
      containersOf(pod.spec)
        .filter((container) => !holds(container, pod))
        .map(({ name }) => `${pod.owner}, container ${name}: ${fault}`),
    );
}
