import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { openApiSchema } from './openapi-schema.js';
import { pointerTo } from './problem.js';
import { InvalidRequestError } from './validation.pipe.js';

/** A header that a request may have: undefined if it is absent, 400 naming it if it is not valid. */
export function requestHeader(
  name: string,
  description: string,
  schema: z.ZodType<string, string>,
) {
  const Value = createParamDecorator((_: unknown, context: ExecutionContext) => {
    const given = context.switchToHttp().getRequest<FastifyRequest>().headers[name.toLowerCase()];
    if (given === undefined) return undefined;
    const parsed = schema.safeParse(given);
    if (parsed.success) return parsed.data;
    throw new InvalidRequestError(
      parsed.error.issues.map(({ message }) => ({
        pointer: pointerTo([name]),
        detail: `${name} ${message}`,
      })),
    );
  });
  const Documented = () =>
    applyDecorators(
      ApiHeader({
        name,
        description,
        required: false,
        schema: openApiSchema(schema, 'input').schema,
      }),
    );
  return { Value, Documented };
}
