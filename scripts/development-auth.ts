import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseEnv } from 'node:util';

/** The secret that `npm start` has made for this checkout. */
const FILE = '.data/development-auth.env';
const SECRET_BYTES = 32;
const KEY_SOURCES = ['JWT_JWKS_URL', 'JWT_PUBLIC_KEY', 'JWT_DEVELOPMENT_SECRET'];

/** The environment with a secret for development tokens, unless it has a source of keys. */
export function withDevelopmentAuth(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (hasOwnAuth(env) || !existsSync(FILE)) return env;
  return { ...env, ...parseEnv(readFileSync(FILE, 'utf8')) };
}

/** Makes the secret once, readable by its owner alone. */
export async function ensureDevelopmentAuth(env: NodeJS.ProcessEnv): Promise<void> {
  if (hasOwnAuth(env) || existsSync(FILE)) return;
  await mkdir(dirname(FILE), { recursive: true });
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  await writeFile(FILE, `JWT_DEVELOPMENT_SECRET=${secret}\n`, { mode: 0o600 });
}

function hasOwnAuth(env: NodeJS.ProcessEnv): boolean {
  return env['NODE_ENV'] === 'production' || KEY_SOURCES.some((name) => env[name]);
}
