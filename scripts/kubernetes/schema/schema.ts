import { type Manifest, type ManifestSet, named } from '../manifest.js';
import { cloudNativePgFaults, isOfCloudNativePg } from './operator-kinds.js';
import { modelFaults } from './models.js';
import { unknownFields } from './unknown-fields.js';

/** What is wrong with the form of the manifests, each with the manifest that it is wrong in. */
export async function schemaFaults({ all }: ManifestSet): Promise<string[]> {
  const faults: string[] = [];
  const known: Manifest[] = [];
  for (const manifest of all) {
    const ofOperator = isOfCloudNativePg(manifest);
    const found = ofOperator ? cloudNativePgFaults(manifest) : await modelFaults(manifest);
    faults.push(...found.map((fault) => `${named(manifest)}: ${fault}`));
    if (!ofOperator && found.length === 0) known.push(manifest);
  }
  for (const [owner, found] of unknownFields(known)) {
    faults.push(...found.map((fault) => `${owner}: ${fault}`));
  }
  return faults;
}
