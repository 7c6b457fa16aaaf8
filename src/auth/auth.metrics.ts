import type { Provider } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import type { TokenFault } from '../errors/index.js';
import { counterProvider } from '../metrics/index.js';

export type AuthFailure = TokenFault | 'insufficient scope';

/** Is told of every request that is refused for its access token. */
export type AuthObserver = (failure: AuthFailure) => void;
export const AUTH_OBSERVER = Symbol('AuthObserver');

const FAILURES = 'messages_auth_failures_total';

const REASONS: Readonly<Record<AuthFailure, string>> = {
  missing: 'missing',
  malformed: 'malformed',
  type: 'type',
  algorithm: 'algorithm',
  'unknown key': 'unknown_key',
  signature: 'signature',
  expired: 'expired',
  'not yet valid': 'not_yet_valid',
  issuer: 'issuer',
  audience: 'audience',
  claims: 'claims',
  'no issuer': 'no_issuer',
  'insufficient scope': 'insufficient_scope',
};

export const authMetrics: Provider[] = [
  counterProvider({
    name: FAILURES,
    help: 'Requests that were refused for their access token.',
    labelNames: ['reason'],
  }),
  {
    provide: AUTH_OBSERVER,
    inject: [getToken(FAILURES)],
    useFactory: (failures: Counter<'reason'>): AuthObserver => {
      for (const reason of Object.values(REASONS)) failures.inc({ reason }, 0);
      return (failure) => failures.inc({ reason: REASONS[failure] });
    },
  },
];
