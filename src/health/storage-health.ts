import type { Part } from './part.js';

/** Some of the messages, and what they are read from. */
export interface Section {
  readonly name: string;
  /** Whether its messages can be read at this moment. */
  readonly readable: boolean;
  readonly parts: readonly Part[];
}

/**
 * How what stores the messages is. All of it is known already: nothing is asked of a server, so an
 * answer never waits for one.
 */
export abstract class StorageHealth {
  /** What its opening waits for, as a sentence for operators; undefined once it is open. */
  abstract opening(): string | undefined;

  /** Empty until it is open. */
  abstract sections(): readonly Section[];
}
