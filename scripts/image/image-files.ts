import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

export interface ImageFile {
  /** From the root of the image, with a slash before it. */
  readonly path: string;
  readonly bytes: number;
  /** Permissions, set-user-ID and the like. */
  readonly mode: number;
  readonly mtimeSeconds: number;
  readonly uid: number;
  readonly gid: number;
  readonly isFolder: boolean;
  /** Of what it holds; of a link, where it leads to; of a folder, nothing. */
  readonly digest: string;
}

/** All the files of an image, sorted by path. */
export async function readImageFiles(root: string, below = '/'): Promise<ImageFile[]> {
  const entries = await readdir(join(root, below), { recursive: true, withFileTypes: true });
  const files: ImageFile[] = [];
  for (const entry of entries) {
    const full = join(entry.parentPath, entry.name);
    const { size, mode, mtimeMs, uid, gid } = await lstat(full);
    const content = entry.isFile()
      ? await readFile(full)
      : entry.isSymbolicLink()
        ? await readlink(full)
        : '';
    files.push({
      path: full.slice(join(root, '/').length - 1),
      bytes: entry.isFile() ? size : 0,
      mode: mode & 0o7777,
      mtimeSeconds: Math.floor(mtimeMs / 1000),
      uid,
      gid,
      isFolder: entry.isDirectory(),
      digest: createHash('sha256').update(content).digest('hex'),
    });
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** What an image has that the one below it has not, or not so. */
export function addedFiles(files: readonly ImageFile[], base: readonly ImageFile[]): ImageFile[] {
  const known = new Map(base.map((file) => [file.path, file.digest]));
  return files.filter(({ path, digest }) => known.get(path) !== digest);
}
