import type { PageOfTag } from './cache-keys.js';

/** Where the copies of what belongs to a tag are kept, and whose they are. */
export interface CopyPlace {
  /** For logs and metrics. */
  readonly shard: string;
  /** What the keys of the copies begin with: escaped, of bounded length, different for each tag. */
  readonly prefix: string;
}

/** How new a copy has to be to answer a request, settled before any is looked at. */
export interface Demand {
  /**
   * How new whatever is read from now on will be, for copies of it: visible ASCII without spaces,
   * 1 to 200 characters. Another one after each message that was acknowledged. Undefined where that
   * is not known: then there had better be no copy.
   */
  readonly asOf: string | undefined;
  /** Whether a copy of what was read when it was so new will do. */
  isMetBy(asOf: string): boolean;
}

/** The place of a tag's pages. */
export interface TagPlace extends CopyPlace {
  /** Tells `then` in any case, in bounded time, what a page that is answered now has to meet. */
  demand(consistencyToken: string | undefined, then: (demand: Demand) => void): void;
  /** The page as it is stored where messages are written, past every copy. */
  readStored(page: PageOfTag): Promise<string>;
}

/** Tells which copies are as new as everything that has been acknowledged. */
export abstract class Freshness {
  abstract placeOfTag(tag: string): TagPlace;

  /** @param id of a message, in canonical form */
  abstract placeOfMessage(id: string): CopyPlace;
}
