import type { Demand } from '../../cache/freshness.js';

/**
 * What a read of a tag demands of copies: that they were read under the very floor that there is.
 *
 * A higher position would not do. A commit is on disk a moment before it shows, so a page that is
 * read from the primary in between may lack a message whose writer then finds the very position
 * that the page was read under. But whoever acknowledges a message raises the floor after it shows,
 * and each time makes another version of it, be it for the same position: a copy that was read
 * under the version that there still is lacks nothing.
 */
export class FloorDemand implements Demand {
  /**
   * @param asOf the version of the floor
   * @param isMore whether a token asks for more than the floor: no copy tells that it has that
   */
  constructor(
    readonly asOf: string | undefined,
    private readonly isMore: boolean,
  ) {}

  isMetBy(asOf: string): boolean {
    return !this.isMore && asOf === this.asOf;
  }
}
