import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { EMBEDDED_ENVIRONMENT_FILE } from './embedded-environment.js';
import { UsageError } from './usage-error.js';

/**
 * The environment that says which database to use: the one that is set, or else that of the
 * embedded cluster.
 *
 * @throws UsageError if there is neither
 */
export function targetEnvironment(): NodeJS.ProcessEnv {
  if (process.env.DATABASE_URL || process.env.SHARDS) return process.env;
  return { ...process.env, ...parseEnv(readEmbeddedEnvironment()) };
}

function readEmbeddedEnvironment(): string {
  try {
    return readFileSync(EMBEDDED_ENVIRONMENT_FILE, 'utf8');
  } catch {
    throw new UsageError(
      'Set DATABASE_URL or SHARDS, or start the embedded cluster with npm start in another terminal.',
    );
  }
}
