import type { Day, DayRange, Period } from './calendar.js';

export interface PeriodQuery extends DayRange {
  readonly period: Period;
  /** Normalised; undefined counts the messages of all tags. */
  readonly tag?: string | undefined;
}

export interface PeriodCount {
  /** The first day of the period, which may come before the range. */
  readonly start: Day;
  readonly messages: number;
}

export interface TagQuery extends DayRange {
  readonly limit: number;
}

export interface TagCount {
  readonly tag: string;
  readonly messages: number;
}

/** How many messages there are; exact, never of a part of them alone. */
export abstract class CountsRepository {
  /**
   * The periods that have messages, in their order.
   *
   * @throws PartUnavailableError that names what cannot be asked
   */
  abstract perPeriod(query: PeriodQuery): Promise<PeriodCount[]>;

  /**
   * The tags with the most messages, the busiest first, equal ones in the order of their UTF-8.
   *
   * @throws PartUnavailableError that names what cannot be asked
   */
  abstract busiestTags(query: TagQuery): Promise<TagCount[]>;
}
