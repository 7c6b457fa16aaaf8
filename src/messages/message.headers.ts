import { z } from 'zod';
import { requestHeader } from '../http/index.js';
import { CONSISTENCY_TOKEN } from './consistency-token.js';

/** A string of structured fields (RFC 9651), as the draft has it, or the bare key that many send. */
const IDEMPOTENCY_KEY =
  /^(?:"(?<quoted>(?:[ !#-[\]-~]|\\["\\]){1,255})"|(?<bare>[!#-+\--~]{1,255}))$/;

/** The key itself; undefined if the header is not valid. */
export function parseIdempotencyKey(text: string): string | undefined {
  const { quoted, bare } = IDEMPOTENCY_KEY.exec(text)?.groups ?? {};
  return bare ?? quoted?.replace(/\\(["\\])/g, '$1');
}

/** draft-ietf-httpapi-idempotency-key-header. */
export const IdempotencyKey = requestHeader(
  'Idempotency-Key',
  'Makes it safe to send the request again: the same key with the same body within 24 hours is ' +
    'the same message. Another body under the key is 422.',
  z
    .string()
    .transform((text, context) => {
      const key = parseIdempotencyKey(text);
      if (key !== undefined) return key;
      context.addIssue('must be a quoted string of 1 to 255 visible ASCII characters');
      return z.NEVER;
    })
    .meta({ override: { type: 'string', example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"' } }),
);

export const ConsistencyToken = requestHeader(
  'Consistency-Token',
  'From the answer to a POST: the page is then at least as new as that message, whatever fails.',
  z
    .string()
    .regex(CONSISTENCY_TOKEN, { error: 'is no token that a POST has answered' })
    .meta({ override: { type: 'string' } }),
);

/** Read by whoever keeps copies of answers; here for its documentation. */
export const IfNoneMatch = requestHeader(
  'If-None-Match',
  'The `ETag` of an answer that is still there: 304 without a body if it is still right.',
  z.string().meta({ override: { type: 'string' } }),
);
