import { Injectable } from '@nestjs/common';
import {
  CountsRepository,
  type PeriodCount,
  type PeriodQuery,
  type TagCount,
  type TagQuery,
} from '../../aggregation/counts.repository.js';
import { Shards } from '../shards/shards.js';
import {
  busiestTags,
  type CountStatement,
  countsPerPeriod,
  type PeriodRow,
  type TagRow,
} from './counts.statement.js';

/** Asks every shard at once; one that cannot answer fails the whole, never a partial sum. */
@Injectable()
export class ShardedCountsRepository extends CountsRepository {
  constructor(private readonly shards: Shards) {
    super();
  }

  async perPeriod(query: PeriodQuery): Promise<PeriodCount[]> {
    const totals = new Map<string, number>();
    for (const { start, messages } of await this.ask<PeriodRow>(countsPerPeriod(query))) {
      totals.set(start, (totals.get(start) ?? 0) + messages);
    }
    return Array.from(totals, ([start, messages]) => ({ start, messages })).toSorted((a, b) =>
      a.start < b.start ? -1 : 1,
    );
  }

  /** A tag lives in one shard, so the busiest of all are among the busiest of each. */
  async busiestTags(query: TagQuery): Promise<TagCount[]> {
    const rows = await this.ask<TagRow>(busiestTags(query));
    return rows
      .toSorted((a, b) => b.messages - a.messages || compareUtf8(a.tag, b.tag))
      .slice(0, query.limit);
  }

  private async ask<Row>(statement: CountStatement): Promise<Row[]> {
    const answers = await Promise.all(this.shards.all.map((shard) => shard.count<Row>(statement)));
    return answers.flat();
  }
}

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
