interface DatabaseStateOptions extends ErrorOptions {
  /** Whether it may be over by itself: a server that is restarted, a migration that is under way. */
  readonly mayPass?: boolean;
}

/** A shard's database is not in the state that this service needs. Says which, and what to do. */
export class DatabaseStateError extends Error {
  override readonly name = 'DatabaseStateError';
  readonly mayPass: boolean;

  constructor(
    shard: string,
    problem: string,
    { mayPass = false, ...options }: DatabaseStateOptions = {},
  ) {
    super(`Shard ${shard}: ${problem}`, options);
    this.mayPass = mayPass;
  }
}
