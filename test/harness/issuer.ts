import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  /** The public key as PEM. */
  readonly pem: string;
}

export interface TokenOptions {
  /** Over those of a good token; undefined leaves one out. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: { readonly alg: string; readonly privateKey: CryptoKey | Uint8Array };
}

export const AUDIENCE = 'messages-api';

export async function signingKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { kid, alg, privateKey, jwk, pem: await exportSPKI(publicKey) };
}

/** An issuer of access tokens on loopback, which publishes its keys; gone with `dispose`. */
export class Issuer implements AsyncDisposable {
  readonly iss = 'https://issuer.test/';
  /** How often the keys were asked for. */
  requests = 0;
  /** Of whoever asked last. */
  lastHeaders: IncomingHttpHeaders = {};
  private published: readonly SigningKey[];
  private answering: (response: ServerResponse) => void = (response) => this.answer(response);

  static async start(): Promise<Issuer> {
    const server = createServer();
    const issuer = new Issuer(server, await signingKey('first'));
    server.on('request', ({ headers }, response) => {
      issuer.requests++;
      issuer.lastHeaders = headers;
      issuer.answering(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return issuer;
  }

  private constructor(
    private readonly server: Server,
    readonly key: SigningKey,
  ) {
    this.published = [key];
  }

  get jwksUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/jwks.json`;
  }

  /** The configuration of a service that trusts this issuer. */
  env(overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      JWT_ISSUER: this.iss,
      JWT_AUDIENCE: AUDIENCE,
      JWT_JWKS_URL: this.jwksUrl,
      ...overrides,
    };
  }

  publish(...keys: readonly SigningKey[]): void {
    this.published = keys;
  }

  /** What to answer instead of the keys, until `recover`. */
  fail(answering: (response: ServerResponse) => void): void {
    this.answering = answering;
  }

  recover(): void {
    this.answering = (response) => this.answer(response);
  }

  /** A good access token, unless the options make it another. */
  token({ claims = {}, header = {}, key = this.key }: TokenOptions = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const good = {
      iss: this.iss,
      aud: AUDIENCE,
      sub: 'somebody',
      scope: 'openid aggregations:read',
      iat: now,
      exp: now + 300,
    };
    const kid = 'kid' in key ? { kid: key.kid as string } : {};
    return new SignJWT({ ...good, ...claims })
      .setProtectedHeader({ alg: key.alg, typ: 'at+jwt', ...kid, ...header })
      .sign(key.privateKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private answer(response: ServerResponse): void {
    response.setHeader('content-type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: this.published.map(({ jwk }) => jwk) }));
  }
}
