import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { kubectl } from './kubectl.js';
import { type Manifest, ManifestSet } from './manifest.js';

export const OVERLAYS = 'k8s/overlays';
const TIMEOUT_MS = 60_000;

export async function overlayNames(): Promise<string[]> {
  const entries = await readdir(OVERLAYS, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** What kustomize makes of an overlay. Nothing is asked of a cluster. */
export async function renderOverlay(name: string): Promise<ManifestSet> {
  const text = await kubectl(['kustomize', join(OVERLAYS, name)], { timeoutMs: TIMEOUT_MS });
  const documents = parseAllDocuments(text);
  const manifests = documents.map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as Manifest;
  });
  return new ManifestSet(name, manifests);
}
