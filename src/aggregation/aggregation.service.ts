import { Injectable } from '@nestjs/common';
import { dayOfMonth, monthOf, yearOf } from './calendar.js';
import {
  CountsRepository,
  type PeriodQuery,
  type TagCount,
  type TagQuery,
} from './counts.repository.js';

/** A year, a month of it, or a day of that, and how many messages it has. */
export interface PeriodMessages {
  readonly year: number;
  readonly month?: number;
  readonly day?: number;
  readonly messages: number;
}

@Injectable()
export class AggregationService {
  constructor(private readonly repository: CountsRepository) {}

  async messages(query: PeriodQuery): Promise<PeriodMessages[]> {
    const counts = await this.repository.perPeriod(query);
    return counts.map(({ start, messages }) => ({
      year: yearOf(start),
      ...(query.period !== 'year' && { month: monthOf(start) }),
      ...(query.period === 'day' && { day: dayOfMonth(start) }),
      messages,
    }));
  }

  tags(query: TagQuery): Promise<TagCount[]> {
    return this.repository.busiestTags(query);
  }
}
