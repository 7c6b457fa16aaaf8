import { createPublicKey, type KeyObject } from 'node:crypto';
import type { z } from 'zod';
import type { authEnvironmentSchema } from './environment.js';

/** Where the keys come from that access tokens are verified with. */
export type KeySource =
  | { readonly kind: 'jwks'; readonly url: string }
  | { readonly kind: 'public key'; readonly pem: string }
  | { readonly kind: 'secret'; readonly secret: string };

export interface AuthConfig {
  readonly issuer: string;
  /** A token has to be for one of them. */
  readonly audiences: readonly [string, ...string[]];
  readonly keys: KeySource;
  /** Signatures that fit the kind of key, and no others. */
  readonly algorithms: readonly Algorithm[];
  readonly accessTokensOnly: boolean;
  readonly clockSkewMs: number;
}

/** Of RSA: RFC 7518, 3.3 and 3.5; of elliptic curves: 3.4, a curve each; of a secret: 3.2. */
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
const CURVES = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' } as const;
const SECRET = ['HS256'] as const;

export type Algorithm =
  (typeof RSA)[number] | (typeof CURVES)[keyof typeof CURVES] | (typeof SECRET)[number];

const RSA_BITS_MIN = 2_048;
const DEVELOPMENT_ISSUER = 'messages-development';
const DEVELOPMENT_AUDIENCE = 'messages';
const SOURCES = ['JWT_JWKS_URL', 'JWT_PUBLIC_KEY', 'JWT_DEVELOPMENT_SECRET'] as const;

type AuthEnvironment = z.output<typeof authEnvironmentSchema>;

/** Adds to `faults` what is wrong; undefined if no key is configured, which production refuses. */
export function readAuth(values: AuthEnvironment, faults: string[]): AuthConfig | undefined {
  const before = faults.length;
  const production = values.NODE_ENV === 'production';
  const given = SOURCES.filter((name) => values[name] !== undefined);
  faults.push(
    ...given.slice(1).map((name) => `${name}: must not be set together with ${given[0]}`),
  );
  if (production) faults.push(...productionFaults(values));
  const pem = values.JWT_PUBLIC_KEY?.replaceAll('\\n', '\n');
  const publicKey = pem === undefined ? undefined : readPublicKey(pem);
  if (typeof publicKey === 'string') faults.push(`JWT_PUBLIC_KEY: ${publicKey}`);
  if (faults.length > before) return undefined;
  const common = {
    issuer: values.JWT_ISSUER ?? DEVELOPMENT_ISSUER,
    audiences: (values.JWT_AUDIENCE ?? [DEVELOPMENT_AUDIENCE]) as [string, ...string[]],
    accessTokensOnly: values.JWT_ACCESS_TOKENS_ONLY,
    clockSkewMs: values.JWT_CLOCK_SKEW,
  };
  if (values.JWT_JWKS_URL !== undefined) {
    const keys = { kind: 'jwks', url: values.JWT_JWKS_URL } as const;
    return { ...common, keys, algorithms: [...RSA, ...Object.values(CURVES)] };
  }
  if (pem !== undefined && typeof publicKey === 'object') {
    return { ...common, keys: { kind: 'public key', pem }, algorithms: algorithmsOf(publicKey) };
  }
  if (values.JWT_DEVELOPMENT_SECRET !== undefined) {
    const keys = { kind: 'secret', secret: values.JWT_DEVELOPMENT_SECRET } as const;
    return { ...common, keys, algorithms: SECRET };
  }
  return undefined;
}

function productionFaults(values: AuthEnvironment): string[] {
  const faults: string[] = [];
  if (values.JWT_ISSUER === undefined) faults.push('JWT_ISSUER: is required in production');
  if (values.JWT_AUDIENCE === undefined) faults.push('JWT_AUDIENCE: is required in production');
  if (values.JWT_JWKS_URL === undefined && values.JWT_PUBLIC_KEY === undefined) {
    faults.push('JWT_JWKS_URL: is required in production, unless JWT_PUBLIC_KEY is set');
  }
  if (values.JWT_JWKS_URL?.startsWith('http:')) {
    faults.push('JWT_JWKS_URL: must be an https:// URL in production');
  }
  if (values.JWT_DEVELOPMENT_SECRET !== undefined) {
    faults.push('JWT_DEVELOPMENT_SECRET: must not be set in production');
  }
  return faults;
}

/** The key, or what is wrong with it. */
function readPublicKey(pem: string): KeyObject | string {
  if (/PRIVATE KEY/.test(pem)) return 'must be a public key, not a private one';
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    return 'must be a public key as PEM';
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < RSA_BITS_MIN) return `must have at least ${RSA_BITS_MIN} bits`;
  return algorithmsOf(key).length > 0 ? key : 'must be an RSA key, or one of P-256, P-384, P-521';
}

function algorithmsOf({
  asymmetricKeyType,
  asymmetricKeyDetails,
}: KeyObject): readonly Algorithm[] {
  if (asymmetricKeyType === 'rsa') return RSA;
  const curve = asymmetricKeyDetails?.namedCurve;
  return curve !== undefined && curve in CURVES ? [CURVES[curve as keyof typeof CURVES]] : [];
}
