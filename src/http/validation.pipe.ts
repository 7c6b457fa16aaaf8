import { StandardSchemaValidationPipe } from '@nestjs/common';
import { pointerTo, type FieldError } from './problem.js';

/** The input does not fit its schema; says every fault. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';

  constructor(readonly errors: readonly FieldError[]) {
    super(errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; '));
  }
}

export function validationPipe(): StandardSchemaValidationPipe {
  return new StandardSchemaValidationPipe({
    exceptionFactory: (issues) =>
      new InvalidRequestError(
        issues.map(({ path = [], message }) => {
          const keys = path.map((part) => (typeof part === 'object' ? part.key : part));
          return { pointer: pointerTo(keys), detail: [keys.join('.'), message].join(' ').trim() };
        }),
      ),
  });
}
