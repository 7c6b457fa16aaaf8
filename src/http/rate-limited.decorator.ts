import { RouteConfig } from '@nestjs/platform-fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether one client may ask only so often. */
    rateLimited?: boolean;
  }
}

/** A route that one client may ask for only so often, where a limit is configured. */
export function RateLimited(): MethodDecorator {
  return RouteConfig({ rateLimited: true });
}
