import { chmod, copyFile, mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { productionFiles, productionManifest } from './production-files.js';

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

export interface ProductionTree {
  /** Relative to the tree, sorted. */
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * Copies what the service needs to run into a folder, which must be empty or absent. The same
 * sources make the same tree to the byte, its modes and times included.
 *
 * @param epochSeconds the time of every file: SOURCE_DATE_EPOCH
 */
export async function writeProductionTree(
  root: string,
  out: string,
  epochSeconds: number,
): Promise<ProductionTree> {
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length > 0) throw new Error(`${out} is not empty`);
  const copied = await productionFiles(root);
  for (const path of copied) {
    await mkdir(dirname(join(out, path)), { recursive: true });
    await copyFile(join(root, path), join(out, path));
  }
  await writeFile(join(out, 'package.json'), await productionManifest(root));
  await settle(out, epochSeconds);
  const files = [...copied, 'package.json'].toSorted();
  const sizes = await Promise.all(files.map(async (path) => (await stat(join(out, path))).size));
  return { files, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Modes and times do not depend on who copied, and when. */
async function settle(out: string, epochSeconds: number): Promise<void> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  // What is in a folder first: changing that changes the folder's time.
  for (const entry of entries.toReversed()) {
    const path = join(entry.parentPath, entry.name);
    await chmod(path, entry.isDirectory() ? FOLDER_MODE : FILE_MODE);
    await utimes(path, epochSeconds, epochSeconds);
  }
  await chmod(out, FOLDER_MODE);
  await utimes(out, epochSeconds, epochSeconds);
}
