import type { Abstract, INestApplicationContext, Type, ValueProvider } from '@nestjs/common';

/**
 * The instances that the service's application has of these classes, as providers for a module of
 * the management application. Both applications call the lifecycle hooks of what they provide, so
 * none of these may have any.
 */
export function shared(
  app: INestApplicationContext,
  ...tokens: readonly (Type | Abstract<unknown>)[]
): ValueProvider[] {
  return tokens.map((provide) => ({
    provide,
    useValue: app.get<unknown>(provide, { strict: false }),
  }));
}
