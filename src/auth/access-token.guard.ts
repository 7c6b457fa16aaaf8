import { type ExecutionContext, Inject, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { InsufficientScopeError, UnauthenticatedError } from '../errors/index.js';
import { ACCESS_TOKEN_STRATEGY } from './access-token.strategy.js';
import { AUTH_OBSERVER, type AuthObserver } from './auth.metrics.js';
import type { Caller } from './caller.js';
import { PUBLIC } from './public.decorator.js';
import { refusal } from './refusal.js';
import { SCOPE } from './require-scope.decorator.js';

/** What is told of a scope that no token has. */
const NO_SCOPE = 'none';

/**
 * Stands before every route. One that is not `@Public` asks for an access token with the scope that
 * `@RequireScope` names; one that names none is closed to everybody.
 */
@Injectable()
export class AccessTokenGuard extends AuthGuard(ACCESS_TOKEN_STRATEGY) {
  private readonly logger = new Logger(AccessTokenGuard.name);

  constructor(
    private readonly reflector: Reflector,
    @Inject(AUTH_OBSERVER) private readonly refused: AuthObserver,
  ) {
    super();
  }

  override canActivate(context: ExecutionContext): true | Promise<boolean> {
    return this.said(PUBLIC, context) === true || this.admit(context);
  }

  /** Called by @nestjs/passport with what the strategy came to. */
  override handleRequest<User = Caller>(error: unknown, user: User | false, info: unknown): User {
    if (user) return user;
    throw refusal(error ?? info);
  }

  private async admit(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { user?: Caller }>();
    const asked = { method: request.method, url: request.url };
    try {
      await super.canActivate(context);
    } catch (error) {
      if (error instanceof UnauthenticatedError) {
        this.refused(error.fault);
        this.logger.warn({ ...asked, fault: error.fault }, `access refused: ${error.message}`);
      }
      throw error;
    }
    const scope = this.said(SCOPE, context) as string | undefined;
    const { sub, scopes } = request.user ?? { sub: undefined, scopes: new Set() };
    if (scope === undefined || !scopes.has(scope)) {
      this.refused('insufficient scope');
      this.logger.warn({ ...asked, sub, scope }, 'access refused: insufficient scope');
      throw new InsufficientScopeError(scope ?? NO_SCOPE);
    }
    this.logger.log({ ...asked, sub }, 'access granted');
    return true;
  }

  /** What a decorator says of the route, or else of its controller. */
  private said(key: symbol, context: ExecutionContext): unknown {
    return this.reflector.getAllAndOverride(key, [context.getHandler(), context.getClass()]);
  }
}
