import { JwksClient, SigningKeyNotFoundError } from 'jwks-rsa';
import type { AuthConfig } from '../config/index.js';
import { PartUnavailableError, UnauthenticatedError } from '../errors/index.js';
import { KeySetFetcher } from './key-set-fetcher.js';
import type { TokenHeader } from './token-header.js';

/**
 * Finds the key that a token with this header has to be signed with: a secret, or PEM.
 *
 * @throws UnauthenticatedError if there is none
 * @throws PartUnavailableError if the issuer has to be asked and does not answer
 */
export type FindKey = (header: TokenHeader) => Promise<string>;

/** How long a key is used without asking whether the issuer still has it. */
const KEY_MAX_AGE_MS = 10 * 60_000;
/** How much longer while the issuer cannot be asked. */
const KEY_GRACE_MS = 60 * 60_000;
const KEYS_MAX = 32;
const RETRY_AFTER_SECONDS = 5;

export function keyFinder({ keys }: Pick<AuthConfig, 'keys'>): FindKey {
  switch (keys.kind) {
    case 'secret':
      return async () => keys.secret;
    case 'public key':
      return async () => keys.pem;
    case 'jwks':
      return publishedKeys(keys.url);
  }
}

/** A key id that is not known yet has the key set fetched anew: keys are rotated by that. */
function publishedKeys(url: string): FindKey {
  const fetcher = new KeySetFetcher(url);
  const client = new JwksClient({
    jwksUri: url,
    fetcher: () => fetcher.fetch(),
    cache: true,
    cacheMaxEntries: KEYS_MAX,
    cacheMaxAge: KEY_MAX_AGE_MS,
    cacheMaxAgeFallback: KEY_GRACE_MS,
  });
  return async ({ kid, alg }) => {
    try {
      const key = await client.getSigningKey(kid);
      if (key.alg !== undefined && key.alg !== alg) {
        throw new UnauthenticatedError('algorithm', 'The access token is signed in another way.');
      }
      return key.getPublicKey();
    } catch (cause) {
      if (cause instanceof UnauthenticatedError) throw cause;
      if (cause instanceof SigningKeyNotFoundError) {
        const detail = 'The access token is signed with a key that its issuer does not publish.';
        throw new UnauthenticatedError('unknown key', detail, { cause });
      }
      throw new PartUnavailableError('the issuer of access tokens', RETRY_AFTER_SECONDS, { cause });
    }
  };
}
