import { STATUS_CODES } from 'node:http';
import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { z } from 'zod';
import { openApiSchema } from './openapi-schema.js';
import { PROBLEM_JSON, problemSchema } from './problem.js';

interface AnswersOptions {
  /** Headers of the answer, each with its description. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses of answers without a body, each with what it means. */
  readonly empty?: Readonly<Record<number, string>>;
  /** Statuses of the problems that this route can answer. */
  readonly problems?: readonly number[];
}

/** The status and body of a route's answer, and its problems, for the router and for OpenAPI. */
export function Answers(
  status: number,
  description: string,
  schema: z.ZodType,
  { headers = {}, empty = {}, problems = [] }: AnswersOptions = {},
): MethodDecorator {
  return applyDecorators(
    HttpCode(status),
    ApiResponse({
      status,
      description,
      headers: headersOf(headers),
      content: { 'application/json': { schema: openApiSchema(schema, 'output').schema } },
    }),
    ...Object.entries(empty).map(([each, meaning]) =>
      ApiResponse({ status: Number(each), description: meaning }),
    ),
    ...problems.map((each) =>
      ApiResponse({
        status: each,
        description: STATUS_CODES[each] ?? 'Problem',
        headers: headersOf(
          each === 429 || each === 503 ? { 'Retry-After': 'Seconds to wait' } : {},
        ),
        content: { [PROBLEM_JSON]: { schema: openApiSchema(problemSchema, 'output').schema } },
      }),
    ),
  );
}

function headersOf(headers: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' as const } },
    ]),
  );
}
