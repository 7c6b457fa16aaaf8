import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, readAuthConfig, readConfig } from './config.js';

const database = 'postgres://user:sesame@db/messages';
const issuer = { JWT_ISSUER: 'https://issuer.test/', JWT_AUDIENCE: 'messages' };
const secret = 'a secret of at least thirty-two characters';
const jwks = 'https://issuer.test/jwks.json';

type Kind = 'rsa' | 'ec' | 'ed25519' | 'private';

function pem(kind: Kind, bits = 2048, namedCurve = 'P-256'): string {
  const { publicKey, privateKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve })
      : kind === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('rsa', { modulusLength: bits });
  return kind === 'private'
    ? privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    : publicKey.export({ type: 'spki', format: 'pem' }).toString();
}

const algorithms = (env: NodeJS.ProcessEnv) => readAuthConfig(env)?.algorithms;

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const faults = (env: NodeJS.ProcessEnv) => faultsOf(() => readAuthConfig(env));

describe(readAuthConfig, () => {
  it('is undefined where no key is configured', () => {
    expect(readAuthConfig({})).toBeUndefined();
  });

  it('pins the algorithms to the kind of key', () => {
    const rsa = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
    expect(algorithms({ JWT_PUBLIC_KEY: pem('rsa') })).toEqual(rsa);
    expect(algorithms({ JWT_PUBLIC_KEY: pem('ec') })).toEqual(['ES256']);
    expect(algorithms({ JWT_PUBLIC_KEY: pem('ec', 0, 'P-521') })).toEqual(['ES512']);
    expect(algorithms({ JWT_DEVELOPMENT_SECRET: secret })).toEqual(['HS256']);
    expect(algorithms({ JWT_JWKS_URL: jwks })).toEqual([...rsa, 'ES256', 'ES384', 'ES512']);
  });

  it('takes several audiences, and a key on one line', () => {
    const auth = readAuthConfig({
      JWT_AUDIENCE: 'one, two',
      JWT_PUBLIC_KEY: pem('ec').replaceAll('\n', '\\n'),
    });
    expect(auth?.audiences).toEqual(['one', 'two']);
  });

  it('refuses to run in production without issuer, audience and key', () => {
    expect(faults({ NODE_ENV: 'production' })).toEqual([
      'JWT_ISSUER: is required in production',
      'JWT_AUDIENCE: is required in production',
      'JWT_JWKS_URL: is required in production, unless JWT_PUBLIC_KEY is set',
    ]);
    const production = { NODE_ENV: 'production', ...issuer };
    expect(faults({ ...production, JWT_JWKS_URL: jwks })).toEqual([]);
    expect(faults({ ...production, JWT_PUBLIC_KEY: pem('ec') })).toEqual([]);
  });

  it('refuses the secret for development, and an address without TLS, in production', () => {
    const production = { NODE_ENV: 'production', ...issuer };
    expect(faults({ ...production, JWT_DEVELOPMENT_SECRET: secret })).toContain(
      'JWT_DEVELOPMENT_SECRET: must not be set in production',
    );
    expect(faults({ ...production, JWT_JWKS_URL: 'http://issuer/jwks' })).toEqual([
      'JWT_JWKS_URL: must be an https:// URL in production',
    ]);
  });

  it.each([
    ['JWT_JWKS_URL', 'ftp://issuer/jwks', 'must be an https:// URL'],
    ['JWT_PUBLIC_KEY', 'no key', 'must be a public key as PEM'],
    ['JWT_PUBLIC_KEY', pem('private'), 'not a private one'],
    ['JWT_PUBLIC_KEY', pem('rsa', 1024), 'must have at least 2048 bits'],
    ['JWT_PUBLIC_KEY', pem('ed25519'), 'must be an RSA key, or one of P-256'],
    ['JWT_DEVELOPMENT_SECRET', 'short', 'must have at least 32 characters'],
    ['JWT_ACCESS_TOKENS_ONLY', 'yes', 'must be true or false'],
    ['JWT_CLOCK_SKEW', '1h', 'must be a duration'],
    ['JWT_AUDIENCE', 'one,,two', 'must be names'],
  ])('names %s and never its value', (name, value, reason) => {
    const [fault, ...others] = faults({ [name]: value });
    expect(others).toEqual([]);
    expect(fault).toContain(`${name}: `);
    expect(fault).toContain(reason);
    expect(fault).not.toContain(value);
  });

  it('takes one source of keys, not two', () => {
    expect(faults({ JWT_JWKS_URL: jwks, JWT_DEVELOPMENT_SECRET: secret })).toEqual([
      'JWT_DEVELOPMENT_SECRET: must not be set together with JWT_JWKS_URL',
    ]);
  });
});

describe(readConfig, () => {
  it('lists these faults with all others', () => {
    const all = faultsOf(() => readConfig({ NODE_ENV: 'production', PORT: 'many' }));
    for (const name of ['PORT', 'DATABASE_URL', 'JWT_ISSUER', 'JWT_AUDIENCE', 'JWT_JWKS_URL']) {
      expect(all.filter((fault) => fault.startsWith(`${name}: `))).toHaveLength(1);
    }
    expect(readConfig({ DATABASE_URL: database }).auth).toBeUndefined();
  });
});
