import { SignJWT } from 'jose';
import type { AuthConfig } from '../src/config/index.js';
import { UsageError } from './usage-error.js';

export interface TokenRequest {
  readonly sub: string;
  readonly scope: string;
  readonly ttlSeconds: number;
}

/**
 * An access token (RFC 9068) signed with the secret for development.
 *
 * @throws UsageError if tokens are signed by an issuer, whose key is not here
 */
export function developmentToken(
  auth: AuthConfig | undefined,
  { sub, scope, ttlSeconds }: TokenRequest,
): Promise<string> {
  if (auth?.keys.kind !== 'secret') {
    throw new UsageError(
      auth
        ? 'Tokens come from the issuer: only it has the key to sign them.'
        : 'Set JWT_DEVELOPMENT_SECRET as the service has it, or run npm start once.',
    );
  }
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(auth.issuer)
    .setAudience(auth.audiences[0])
    .setSubject(sub)
    .setIssuedAt(now)
    .setExpirationTime(now + ttlSeconds)
    .sign(new TextEncoder().encode(auth.keys.secret));
}
