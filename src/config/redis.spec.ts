import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from './config.js';

let directory: string;
const file = (name: string) => join(directory, name);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'messages-config-'));
  writeFileSync(file('ca.pem'), rootCertificates.slice(0, 2).join('\n'));
  writeFileSync(file('broken.pem'), String(rootCertificates[0]).replace(/\n\w{20}/, '\nAAAA'));
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(file('key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(file('text'), 'sesame');
});

afterAll(() => rmSync(directory, { recursive: true }));

const read = (env: NodeJS.ProcessEnv) =>
  readConfig({ DATABASE_URL: 'postgres://db/messages', ...env }).redis;

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('REDIS_URL and what goes with it', () => {
  it('may be missing', () => {
    expect(read({})).toBeUndefined();
  });

  it('is one server, with a user, a password and a database', () => {
    expect(read({ REDIS_URL: 'redis://us%40er:p%2Fw@cache/3' })).toEqual({
      nodes: [{ host: 'cache', port: 6379 }],
      cluster: false,
      username: 'us@er',
      password: 'p/w',
      database: 3,
      tls: undefined,
      timeoutMs: 50,
    });
  });

  it('takes user and password from variables of their own, as they are', () => {
    const redis = read({
      REDIS_URL: 'rediss://[::1]:6380',
      REDIS_USERNAME: 'us%40er',
      REDIS_PASSWORD: 'p@ss/word',
    });
    expect(redis).toMatchObject({
      nodes: [{ host: '::1', port: 6380 }],
      username: 'us%40er',
      password: 'p@ss/word',
      tls: { ca: undefined, client: undefined },
    });
  });

  it('is a cluster with several nodes, or where that is said', () => {
    const several = read({ REDIS_URL: 'redis://:pw@a:1, redis://:pw@b:2' });
    expect(several).toMatchObject({
      cluster: true,
      nodes: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
      ],
    });
    expect(read({ REDIS_URL: 'redis://a', REDIS_CLUSTER: 'true' })?.cluster).toBe(true);
  });

  it('reads the authorities from a file', () => {
    const redis = read({ REDIS_URL: 'rediss://cache', REDIS_CA_FILE: file('ca.pem') });
    expect(redis?.tls?.ca).toBe(rootCertificates.slice(0, 2).join('\n'));
  });

  it.each<[string, string, () => NodeJS.ProcessEnv]>([
    ['REDIS_URL: must be a redis://', 'another scheme', () => ({ REDIS_URL: 'http://cache' })],
    ['REDIS_URL: must be a redis://', 'no host', () => ({ REDIS_URL: 'redis://' })],
    ['REDIS_URL: must be a redis://', 'bad escapes', () => ({ REDIS_URL: 'redis://:%zz@cache' })],
    ['REDIS_URL: must be a redis://', 'a path', () => ({ REDIS_URL: 'redis://cache/zero' })],
    [
      'REDIS_URL: a cluster has no database',
      'a number',
      () => ({ REDIS_URL: 'redis://a/1,redis://b/1' }),
    ],
    [
      'REDIS_URL: nodes of a cluster must',
      'mixed schemes',
      () => ({ REDIS_URL: 'redis://a,rediss://b' }),
    ],
    ['REDIS_CLUSTER: must be', 'maybe', () => ({ REDIS_URL: 'redis://a', REDIS_CLUSTER: 'maybe' })],
    [
      'REDIS_PASSWORD: must not be set together',
      'two',
      () => ({ REDIS_URL: 'redis://:sesame@a', REDIS_PASSWORD: 'sesame' }),
    ],
    [
      'REDIS_PASSWORD: is required with a user',
      'none',
      () => ({ REDIS_URL: 'redis://a', REDIS_USERNAME: 'sesame' }),
    ],
    [
      'REDIS_CA_FILE: needs a rediss://',
      'no TLS',
      () => ({ REDIS_URL: 'redis://a', REDIS_CA_FILE: file('ca.pem') }),
    ],
    [
      'REDIS_CA_FILE: cannot be read (ENOENT)',
      'no file',
      () => ({ REDIS_URL: 'rediss://a', REDIS_CA_FILE: file('none') }),
    ],
    [
      'REDIS_CA_FILE: holds no certificate',
      'text',
      () => ({ REDIS_URL: 'rediss://a', REDIS_CA_FILE: file('text') }),
    ],
    [
      'REDIS_CA_FILE: holds no certificate',
      'damage',
      () => ({ REDIS_URL: 'rediss://a', REDIS_CA_FILE: file('broken.pem') }),
    ],
    [
      'REDIS_CERT_FILE: is required with',
      'a key',
      () => ({ REDIS_URL: 'rediss://a', REDIS_KEY_FILE: file('key.pem') }),
    ],
    [
      'REDIS_KEY_FILE: is required with',
      'no key',
      () => ({ REDIS_URL: 'rediss://a', REDIS_CERT_FILE: file('ca.pem') }),
    ],
    [
      'REDIS_KEY_FILE: holds no private key',
      'text',
      () => ({
        REDIS_URL: 'rediss://a',
        REDIS_CERT_FILE: file('ca.pem'),
        REDIS_KEY_FILE: file('text'),
      }),
    ],
    [
      'REDIS_KEY_FILE: is not the key of',
      'another',
      () => ({
        REDIS_URL: 'rediss://a',
        REDIS_CERT_FILE: file('ca.pem'),
        REDIS_KEY_FILE: file('key.pem'),
      }),
    ],
  ])('is refused: %s (%s)', (fault, _, env) => {
    const faults = faultsOf(env());
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${fault.replace(/[()]/g, '\\$&')}`));
    expect(faults.join()).not.toContain('sesame');
  });
});
