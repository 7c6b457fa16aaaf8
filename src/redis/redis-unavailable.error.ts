import { UnavailableError } from '../errors/index.js';

const RETRY_AFTER_SECONDS = 1;

/** Redis cannot be asked, did not answer in time, or refused; the cause says which. */
export class RedisUnavailableError extends UnavailableError {
  override readonly name: string = 'RedisUnavailableError';

  constructor(message: string, options?: ErrorOptions) {
    super(message, RETRY_AFTER_SECONDS, options);
  }
}

/** Redis can be asked, but has just given the keys to another of its servers. */
export class RedisMovedError extends RedisUnavailableError {
  override readonly name = 'RedisMovedError';
}
