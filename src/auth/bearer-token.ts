import { UnauthenticatedError } from '../errors/index.js';

/** An access token is some hundred bytes; verifying one that is much larger is work for nothing. */
const MAX_LENGTH = 8_192;

const BEARER = /^bearer(?: |$)/i;
/** RFC 6750, section 2.1: b64token. Of a JWT, three parts that may not be empty but for the last. */
const TOKEN = /^bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i;

/**
 * The token of an Authorization header. It is looked for nowhere else: queries end up in logs.
 *
 * @throws UnauthenticatedError if there is none, or what there is cannot be one
 */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || !BEARER.test(authorization)) {
    throw new UnauthenticatedError('missing', 'An access token is required.');
  }
  const token = TOKEN.exec(authorization)?.[1];
  if (token === undefined) {
    throw new UnauthenticatedError('malformed', 'The access token is malformed.');
  }
  if (token.length > MAX_LENGTH) {
    throw new UnauthenticatedError('malformed', 'The access token is too long.');
  }
  return token;
}
