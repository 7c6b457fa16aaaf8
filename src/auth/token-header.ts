import { decodeProtectedHeader } from 'jose';
import { UnauthenticatedError } from '../errors/index.js';

/** What is read of a token before its signature is verified: enough to find the key. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** RFC 9068, section 2.1. */
const ACCESS_TOKEN = 'at+jwt';

/**
 * Reads the header. `jku`, `x5u`, `jwk` and `x5c`, by which a token would bring its own key, are
 * not read.
 *
 * @throws UnauthenticatedError if it is no header, or that of a token for something else
 */
export function readTokenHeader(
  token: string,
  { accessTokensOnly }: { readonly accessTokensOnly: boolean },
): TokenHeader {
  const { alg, kid, typ, crit } = decode(token);
  if (typeof alg !== 'string') throw malformed();
  if (kid !== undefined && typeof kid !== 'string') throw malformed();
  if (crit !== undefined) {
    throw new UnauthenticatedError(
      'malformed',
      'The access token needs what is not understood here.',
    );
  }
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
  const accepted = accessTokensOnly ? [ACCESS_TOKEN] : [ACCESS_TOKEN, 'jwt', undefined];
  if (!accepted.some((each) => each === type)) {
    throw new UnauthenticatedError('type', 'The token is no access token.');
  }
  return { alg, kid };
}

function decode(token: string): Record<string, unknown> {
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw malformed(cause);
  }
}

function malformed(cause?: unknown): UnauthenticatedError {
  return new UnauthenticatedError('malformed', 'The access token is malformed.', { cause });
}
