import { type CustomDecorator, SetMetadata } from '@nestjs/common';

export const PUBLIC = Symbol('public');

/** Opens a route, or all of a controller, to anyone. Without it a route asks for an access token. */
export function Public(): CustomDecorator<symbol> {
  return SetMetadata(PUBLIC, true);
}
