import { callbackify } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-jwt';
import { type AuthConfig, CONFIG, type Config } from '../config/index.js';
import { UnauthenticatedError } from '../errors/index.js';
import { bearerToken } from './bearer-token.js';
import type { Caller } from './caller.js';
import { readTokenHeader } from './token-header.js';
import { keyFinder } from './verification-key.js';

export const ACCESS_TOKEN_STRATEGY = 'access-token';

/** Verifies JWT access tokens of one issuer: RFC 9068 as measured by OWASP ASVS 5, chapter V9. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, ACCESS_TOKEN_STRATEGY) {
  constructor(@Inject(CONFIG) { auth }: Config) {
    super({
      jwtFromRequest: (request: unknown) =>
        bearerToken((request as FastifyRequest).headers.authorization),
      secretOrKeyProvider: keyProvider(auth),
      algorithms: [...(auth?.algorithms ?? [])],
      issuer: auth?.issuer ?? '',
      audience: [...(auth?.audiences ?? [])],
      jsonWebTokenOptions: { clockTolerance: (auth?.clockSkewMs ?? 0) / 1_000 },
    });
  }

  /** Called once the signature holds, with the claims. */
  validate(claims: Readonly<Record<string, unknown>>): Caller {
    const { exp, sub, scope } = claims;
    if (typeof exp !== 'number') throw unfit('The access token does not say when it expires.');
    if (sub !== undefined && typeof sub !== 'string')
      throw unfit('The sub of the token is no text.');
    if (scope !== undefined && typeof scope !== 'string') {
      throw unfit('The scope of the access token is no text.');
    }
    return { sub, scopes: new Set(scope?.split(' ')) };
  }
}

function keyProvider(auth: AuthConfig | undefined) {
  const find = auth && keyFinder(auth);
  const keyOf = callbackify(async (token: string) => {
    if (!auth || !find) {
      throw new UnauthenticatedError('no issuer', 'No issuer of access tokens is configured.');
    }
    const header = readTokenHeader(token, auth);
    // Before the issuer is asked: a key is never looked for in vain for such a token.
    if (!auth.algorithms.some((algorithm) => algorithm === header.alg)) {
      throw new UnauthenticatedError('algorithm', 'The access token is signed in another way.');
    }
    return find(header);
  });
  return (_request: unknown, token: string, done: Parameters<typeof keyOf>[1]): void => {
    keyOf(token, done);
  };
}

function unfit(detail: string): UnauthenticatedError {
  return new UnauthenticatedError('claims', detail);
}
