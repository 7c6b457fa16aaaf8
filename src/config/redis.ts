import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { redisEnvironmentSchema } from './environment.js';

export interface RedisAddress {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface RedisTls {
  /** PEM; undefined where the certificate authorities that Node knows will do. */
  readonly ca: string | undefined;
  /** What this process shows to a server that asks for a certificate, as PEM. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
}

export interface RedisConfig {
  /** The one server, or nodes of a cluster, any of which tells of all the others. */
  readonly nodes: readonly [RedisAddress, ...RedisAddress[]];
  readonly cluster: boolean;
  /** Of the default user if undefined. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Number of the database; 0 in a cluster. */
  readonly database: number;
  /** Undefined where connections are not encrypted. */
  readonly tls: RedisTls | undefined;
  /** For a command, in milliseconds. */
  readonly timeoutMs: number;
}

type RedisEnvironment = z.output<typeof redisEnvironmentSchema>;

const DEFAULT_PORT = 6379;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** What says nothing without REDIS_URL, or without TLS. */
const TLS_FILES = ['REDIS_CA_FILE', 'REDIS_CERT_FILE', 'REDIS_KEY_FILE'] as const;
const CREDENTIALS = ['REDIS_USERNAME', 'REDIS_PASSWORD'] as const;

/** Adds to `faults` what is wrong; undefined if no Redis is configured. */
export function readRedis(values: RedisEnvironment, faults: string[]): RedisConfig | undefined {
  const urls = values.REDIS_URL?.map((url) => new URL(url)) ?? [];
  const [first] = urls;
  if (!first) return undefined;
  const before = faults.length;
  const cluster = values.REDIS_CLUSTER || urls.length > 1;
  const database = Number(first.pathname.slice(1));
  const encrypted = first.protocol === 'rediss:';
  if (cluster && database !== 0) faults.push('REDIS_URL: a cluster has no database but 0');
  if (urls.some((url) => differs(url, first))) {
    faults.push('REDIS_URL: nodes of a cluster must differ in nothing but host and port');
  }
  if (first.username !== '' || first.password !== '') {
    for (const name of CREDENTIALS.filter((each) => values[each] !== undefined)) {
      faults.push(`${name}: must not be set together with credentials in REDIS_URL`);
    }
  }
  const password = decoded(first.password) ?? values.REDIS_PASSWORD;
  const username = decoded(first.username) ?? values.REDIS_USERNAME;
  if (username !== undefined && password === undefined) {
    faults.push('REDIS_PASSWORD: is required with a user name');
  }
  const tls = encrypted ? readTls(values, faults) : undefined;
  if (!encrypted) {
    for (const name of TLS_FILES.filter((each) => values[each] !== undefined)) {
      faults.push(`${name}: needs a rediss:// REDIS_URL`);
    }
  }
  if (faults.length > before) return undefined;
  return {
    nodes: urls.map(addressOf) as [RedisAddress, ...RedisAddress[]],
    cluster,
    username,
    password,
    database,
    tls,
    timeoutMs: values.REDIS_TIMEOUT_MS,
  };
}

function differs(a: URL, b: URL): boolean {
  const parts = ['protocol', 'username', 'password', 'pathname'] as const;
  return parts.some((part) => a[part] !== b[part]);
}

function addressOf({ hostname, port }: URL): RedisAddress {
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? DEFAULT_PORT : Number(port),
  };
}

function decoded(text: string): string | undefined {
  return text === '' ? undefined : decodeURIComponent(text);
}

function readTls(values: RedisEnvironment, faults: string[]): RedisTls {
  const read = (name: (typeof TLS_FILES)[number]): string | undefined => {
    const file = values[name];
    if (file === undefined) return undefined;
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      faults.push(`${name}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
      return undefined;
    }
  };
  const [ca, cert, key] = TLS_FILES.map(read);
  if (ca !== undefined && certificates(ca).length === 0) {
    faults.push('REDIS_CA_FILE: holds no certificate as PEM');
  }
  const own = cert === undefined ? undefined : certificates(cert)[0];
  if (cert !== undefined && !own) faults.push('REDIS_CERT_FILE: holds no certificate as PEM');
  const privateKey = key === undefined ? undefined : readPrivateKey(key);
  if (key !== undefined && !privateKey) faults.push('REDIS_KEY_FILE: holds no private key as PEM');
  if (own && privateKey && !own.checkPrivateKey(privateKey)) {
    faults.push('REDIS_KEY_FILE: is not the key of the certificate in REDIS_CERT_FILE');
  }
  for (const [name, other] of [TLS_FILES.slice(1), TLS_FILES.slice(1).toReversed()] as const) {
    if (name && other && values[name] === undefined && values[other] !== undefined) {
      faults.push(`${name}: is required with ${other}`);
    }
  }
  return { ca, client: cert !== undefined && key !== undefined ? { cert, key } : undefined };
}

/** Empty if one of them is none. */
function certificates(pem: string): X509Certificate[] {
  try {
    return (pem.match(CERTIFICATE) ?? []).map((each) => new X509Certificate(each));
  } catch {
    return [];
  }
}

function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
