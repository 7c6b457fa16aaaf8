import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from './config.js';

const url = 'postgres://user:sesame@db/messages';

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe(readConfig.name, () => {
  it('gives one shard all buckets when only DATABASE_URL is set', () => {
    expect(readConfig({ DATABASE_URL: url }).database.shards).toEqual([
      { name: 'main', buckets: [{ first: 0, last: 4095 }], primaryUrl: url, replicaUrls: [] },
    ]);
  });

  it('reads a shard list, with the addresses of each shard', () => {
    const { shards } = readConfig({
      SHARDS: 's0:0-1023+3072-4095,s1:1024-3071',
      SHARD_S0_PRIMARY_URL: url,
      SHARD_S1_PRIMARY_URL: url,
      SHARD_S1_REPLICA_URLS: `${url}, ${url}`,
    }).database;
    expect(shards.map(({ name, replicaUrls }) => [name, replicaUrls.length])).toEqual([
      ['s0', 0],
      ['s1', 2],
    ]);
  });

  it('adds who connects to the addresses that name nobody', () => {
    const { shards } = readConfig({
      SHARDS: 's0:0-2047,s1:2048-4095',
      DATABASE_USER: 'messages',
      DATABASE_PASSWORD: 'open: 100%',
      SHARD_S0_PRIMARY_URL: 'postgres://db0/messages?sslmode=verify-full',
      SHARD_S0_REPLICA_URLS: 'postgres://db1/messages,postgres://other:own@db2/messages',
      SHARD_S1_PRIMARY_URL: 'postgres://db3:5432/messages',
      SHARD_S1_USER: 'us:er',
      SHARD_S1_PASSWORD: 'p@ss/word',
    }).database;
    expect(shards[0]).toMatchObject({
      primaryUrl: 'postgres://messages:open%3A%20100%25@db0/messages?sslmode=verify-full',
      replicaUrls: [
        'postgres://messages:open%3A%20100%25@db1/messages',
        'postgres://other:own@db2/messages',
      ],
    });
    expect(shards[1]?.primaryUrl).toBe('postgres://us%3Aer:p%40ss%2Fword@db3:5432/messages');
    const alone = { DATABASE_URL: 'postgres://db/messages', DATABASE_REPLICA_URLS: url };
    expect(readConfig({ ...alone, DATABASE_USER: 'me' }).database.shards[0]).toMatchObject({
      primaryUrl: 'postgres://me@db/messages',
      replicaUrls: [url],
    });
  });

  it('lists every fault at once by variable, and shows no value of a secret', () => {
    const faults = faultsOf({
      PORT: 'many',
      LOG_LEVEL: 'loud',
      DATABASE_POOL_SIZE: '0',
      SHARDS: 's0:0-2047,s1:2048-4095',
      SHARD_S0_PRIMARY_URL: 'mysql://user:sesame@db/messages',
    });
    for (const name of [
      'PORT',
      'LOG_LEVEL',
      'DATABASE_POOL_SIZE',
      'SHARD_S0_PRIMARY_URL',
      'SHARD_S1_PRIMARY_URL',
    ]) {
      expect(faults.filter((fault) => fault.startsWith(`${name}: `))).toHaveLength(1);
    }
    expect(faults.join()).not.toContain('sesame');
  });

  it.each([
    [{ PORT: '9090' }, 'MANAGEMENT_PORT: must not be PORT'],
    [{ SHUTDOWN_DELAY: '30s' }, 'SHUTDOWN_DELAY: must be less than SHUTDOWN_TIMEOUT'],
  ])('refuses %j, which contradicts another variable', (env, fault) => {
    expect(faultsOf({ DATABASE_URL: 'postgres://db', ...env })).toEqual([fault]);
  });

  it('reads how logs are written, and whose X-Forwarded-For is believed', () => {
    const { log, http } = readConfig({
      DATABASE_URL: url,
      LOG_LEVEL: 'debug',
      LOG_PRETTY: 'true',
      TRUST_PROXY: '10.0.0.0/8,loopback',
    });
    expect(log).toEqual({ level: 'debug', pretty: true });
    expect(http.trustedProxies).toEqual(['10.0.0.0/8', 'loopback']);
    expect(readConfig({ DATABASE_URL: url }).http.trustedProxies).toBeUndefined();
  });

  it('trusts no proxy whoever it is, and logs nothing but JSON in production', () => {
    const production = { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a', JWT_JWKS_URL: 'https://i/jwks' };
    expect(
      faultsOf({
        DATABASE_URL: url,
        ...production,
        NODE_ENV: 'production',
        LOG_PRETTY: 'true',
        TRUST_PROXY: 'true',
      }),
    ).toEqual([
      expect.stringMatching(/^TRUST_PROXY: must be how many proxies/),
      'LOG_PRETTY: must not be true in production',
    ]);
  });

  it('needs a database', () => {
    expect(faultsOf({})).toEqual(['DATABASE_URL: is required, unless SHARDS is set']);
  });

  it.each([
    ['s0:0-2047', 'no shard has buckets 2048-4095'],
    ['s0:0-2047,s1:2049-4095', 'no shard has buckets 2048-2048'],
    ['s0:0-2048,s1:2048-4095', 'stand twice'],
    ['s0:0-4096', 'is not a range'],
    ['s0:0-2047,s0:2048-4095', 'stands twice'],
    ['s0', 'is not of the form'],
  ])('refuses the shard list %s', (list, reason) => {
    expect(faultsOf({ SHARDS: list }).join()).toContain(reason);
  });

  it.each([
    ['60/min', { count: 60, windowMs: 60_000 }],
    ['5/10s', { count: 5, windowMs: 10_000 }],
    ['1000/h', { count: 1_000, windowMs: 3_600_000 }],
    ['0', undefined],
  ])('reads %s as a rate', (text, rate) => {
    const { overload } = readConfig({ DATABASE_URL: url, POST_RATE_LIMIT: text });
    expect(overload.postRateLimit).toEqual(rate);
  });

  it.each(['60', '60/500ms', '0/min', '-1/s', '1/25h', '1/0s', '1000001/s', 'many/min'])(
    'refuses the rate %s',
    (text) => {
      const faults = faultsOf({ DATABASE_URL: url, POST_RATE_LIMIT: text });
      expect(faults).toEqual([expect.stringMatching(/^POST_RATE_LIMIT: must be /)]);
    },
  );

  it('does not wait longer for headers than for the request that has them', () => {
    expect(faultsOf({ DATABASE_URL: url, HTTP_HEADERS_TIMEOUT: '31s' })).toEqual([
      'HTTP_HEADERS_TIMEOUT: must not be longer than HTTP_REQUEST_TIMEOUT',
    ]);
  });
});
