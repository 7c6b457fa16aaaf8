import { type TokenFault, UnauthenticatedError, UnavailableError } from '../errors/index.js';

const BY_MESSAGE: readonly (readonly [RegExp, TokenFault, string])[] = [
  [/^jwt expired/, 'expired', 'The access token has expired.'],
  [/^jwt not active/, 'not yet valid', 'The access token is not valid yet.'],
  [/^jwt issuer/, 'issuer', 'The access token is by another issuer.'],
  [/^jwt audience/, 'audience', 'The access token is for another audience.'],
  [/^invalid algorithm|"alg" parameter/, 'algorithm', 'The access token is signed in another way.'],
  [
    /signature|secret or public key/,
    'signature',
    'The signature of the access token is not valid.',
  ],
];

/** What @nestjs/passport hands on of a refusal, in the words of this service. */
export function refusal(error: unknown): Error {
  if (error instanceof UnauthenticatedError || error instanceof UnavailableError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [, fault, detail] = BY_MESSAGE.find(([pattern]) => pattern.test(message)) ?? [
    undefined,
    'malformed' as const,
    'The access token is malformed.',
  ];
  return new UnauthenticatedError(fault, detail, { cause: error });
}
