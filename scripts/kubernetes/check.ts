import { brokenRules } from './policy/index.js';
import { overlayNames, renderOverlay } from './render.js';
import { schemaFaults } from './schema/schema.js';

/** Something that keeps an overlay from being deployed. */
export interface Finding {
  readonly overlay: string;
  /** The rule's name, or `schema`. */
  readonly rule: string;
  readonly because: string;
  readonly faults: readonly string[];
}

interface Report {
  readonly findings: readonly Finding[];
  readonly manifests: number;
  readonly overlays: readonly string[];
}

const SCHEMA = {
  rule: 'schema',
  because: 'Kubernetes would refuse it, or drop a field that it does not know',
};

/** Renders every overlay, and checks the form of what comes out, then the rules of the policy. */
export async function checkOverlays(): Promise<Report> {
  const findings: Finding[] = [];
  const overlays = await overlayNames();
  let manifests = 0;
  for (const overlay of overlays) {
    const set = await renderOverlay(overlay);
    manifests += set.all.length;
    const faults = await schemaFaults(set);
    if (faults.length > 0) {
      // What is not of the right form cannot be asked for more.
      findings.push({ overlay, ...SCHEMA, faults });
      continue;
    }
    for (const { rule, faults: broken } of brokenRules(set)) {
      findings.push({ overlay, rule: rule.name, because: rule.because, faults: broken });
    }
  }
  return { findings, manifests, overlays };
}
