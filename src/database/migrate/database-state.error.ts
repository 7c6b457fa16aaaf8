/** A shard's database is not in the state that this service needs. Says which, and what to do. */
export class DatabaseStateError extends Error {
  override readonly name = 'DatabaseStateError';

  constructor(shard: string, problem: string, options?: ErrorOptions) {
    super(`Shard ${shard}: ${problem}`, options);
  }
}
