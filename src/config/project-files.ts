import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The compiled service stands at another depth than its source: look for what it needs upwards. */
export function findUpwards(path: string): string {
  let directory = import.meta.dirname;
  for (;;) {
    const candidate = join(directory, path);
    if (existsSync(candidate)) return candidate;
    const parent = dirname(directory);
    if (parent === directory) throw new Error(`there is no ${path} above ${import.meta.dirname}`);
    directory = parent;
  }
}

/** The version of the service. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(findUpwards('package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}
