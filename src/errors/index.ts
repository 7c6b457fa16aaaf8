/** What the caller asked for cannot be: says which field and why. */
export class InvalidInputError extends Error {
  override readonly name = 'InvalidInputError';

  constructor(
    readonly field: string,
    readonly detail: string,
  ) {
    super(`${field} ${detail}`);
  }
}

/** What the caller asked for does not exist. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}

/** A part that is needed cannot be reached at the moment; trying again later may help. */
export class UnavailableError extends Error {
  override readonly name: string = 'UnavailableError';

  constructor(
    message: string,
    /** What to tell the caller to wait, in seconds. */
    readonly retryAfterSeconds: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** More was asked for at once than may wait; trying again later helps. */
export class OverloadedError extends UnavailableError {
  override readonly name = 'OverloadedError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, 1, options);
  }
}

/** An idempotency key was used before, with another body. */
export class IdempotencyConflictError extends Error {
  override readonly name = 'IdempotencyConflictError';

  constructor() {
    super('The idempotency key was used before with another body.');
  }
}
