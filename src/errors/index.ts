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

/** A part that is needed cannot be reached, which the caller may know by its name. */
export class PartUnavailableError extends UnavailableError {
  override readonly name = 'PartUnavailableError';

  constructor(
    /** As in "shard s1". */
    readonly part: string,
    retryAfterSeconds: number,
    options?: ErrorOptions,
  ) {
    super(`${part} cannot be reached`, retryAfterSeconds, options);
  }
}

/** Why an access token is refused; few values, for logs and metrics. */
export type TokenFault =
  | 'missing'
  | 'malformed'
  | 'type'
  | 'algorithm'
  | 'unknown key'
  | 'signature'
  | 'expired'
  | 'not yet valid'
  | 'issuer'
  | 'audience'
  | 'claims'
  | 'no issuer';

/** The caller is not known: no access token came, or one that is not valid. */
export class UnauthenticatedError extends Error {
  override readonly name = 'UnauthenticatedError';

  constructor(
    readonly fault: TokenFault,
    /** A sentence for the caller; printable ASCII without quotes (RFC 6750, section 3). */
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}

/** The caller is known, but may not do this. */
export class InsufficientScopeError extends Error {
  override readonly name = 'InsufficientScopeError';

  constructor(
    /** What the access token lacks. */
    readonly scope: string,
  ) {
    super(`The access token lacks the scope ${scope}.`);
  }
}
