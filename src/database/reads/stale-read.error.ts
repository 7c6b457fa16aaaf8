import { UnavailableError } from '../../errors/index.js';

/** A replica answered from before the position that it was chosen for: it was set back or replaced. */
export class StaleReadError extends UnavailableError {
  override readonly name = 'StaleReadError';

  constructor(replica: string) {
    super(`${replica} is behind what it had replayed before`, 1);
  }
}
