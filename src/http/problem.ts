import { STATUS_CODES } from 'node:http';
import { z } from 'zod';

export const PROBLEM_JSON = 'application/problem+json';

/** RFC 9457. */
export const problemSchema = z
  .object({
    type: z.string().meta({ description: '`about:blank`: the status says it all.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: 'The id of the request, as in X-Request-Id.' }),
    errors: z
      .array(
        z.object({
          pointer: z.string().meta({ description: 'JSON Pointer to the field.', example: '#/tag' }),
          detail: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem' });

export type Problem = z.output<typeof problemSchema>;
export type FieldError = NonNullable<Problem['errors']>[number];

export function problem(
  status: number,
  detail: string,
  instance: string,
  errors?: readonly FieldError[],
): Problem {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    instance,
    ...(errors && { errors: [...errors] }),
  };
}

/** The pointer to a field of the body, or of the query seen as an object (RFC 6901, section 6). */
export function pointerTo(path: readonly PropertyKey[]): string {
  const tokens = path.map((part) => String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
  return ['#', ...tokens].join('/');
}
