import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';

export const SCOPE = Symbol('scope');

/** What an access token has to allow for a route, or for all of a controller. */
export function RequireScope(scope: string): ClassDecorator & MethodDecorator {
  return applyDecorators(SetMetadata(SCOPE, scope), ApiBearerAuth());
}
