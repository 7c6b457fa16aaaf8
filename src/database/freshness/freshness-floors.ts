import type { Position } from './position.js';

/** A shard as its floors see it. */
export interface FloorSource {
  /** Names the shard and the layout that it belongs to: 1 to 64 of a-z, 0-9 and hyphen. */
  readonly id: string;
  /** Asks the primary how far it has written: at or past everything that was acknowledged before. */
  currentPosition(): Promise<Position>;
}

/** What a source must have replayed to serve a read; `primary` if only the primary is sure to have it. */
export type Floor = Position | 'primary';

export interface KnownFloor {
  readonly floor: Floor;
  /**
   * Another one whenever the floor was raised since, be it to the same position: 1 to 200 characters
   * of visible ASCII. Undefined if it may have been raised unseen.
   */
  readonly version: string | undefined;
}

/**
 * The floor of a tag: the position that a server must have replayed before it may answer a read of
 * that tag. A writer raises it after its commit and before it answers; a reader asks for it before
 * it picks a server. That is what keeps replication lag from showing.
 *
 * Floors are forgotten once every replica that is not left out for its lag has surely replayed them.
 */
export abstract class FreshnessFloors {
  /**
   * Raises the floors of tags to at least `position`. Once it has resolved, every later `of` has
   * it: in this process in any case, in others while the store that they share can be reached.
   * Never rejects for a store that cannot: the message is committed, and has to be acknowledged.
   */
  abstract raise(source: FloorSource, tags: readonly string[], position: Position): Promise<void>;

  /** What keys have to have in common with that of the tag's floor to be read together with it. */
  abstract hashTag(source: FloorSource, tag: string): string;

  /** Tells `then` in any case, in bounded time. */
  abstract ask(source: FloorSource, tag: string, then: (known: KnownFloor) => void): void;

  of(source: FloorSource, tag: string): Promise<Floor> {
    return new Promise((resolve) => this.ask(source, tag, ({ floor }) => resolve(floor)));
  }

  /** Hands over what the shared store does not know yet, in bounded time. */
  abstract close(): Promise<void>;
}
