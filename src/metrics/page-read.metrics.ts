import type { Registry } from 'prom-client';
import { type Tally, TallyCounter } from './tally-counter.js';

type Source = 'cache' | 'replica' | 'primary';
const SOURCES: readonly Source[] = ['cache', 'replica', 'primary'];

/** Pages by who answered them. */
export class PageReadMetrics {
  private readonly reads: TallyCounter<'source' | 'shard'>;
  private readonly byShard = new Map<string, Readonly<Record<Source, Tally>>>();

  constructor(registry: Registry) {
    this.reads = new TallyCounter(registry, {
      name: 'messages_page_reads_total',
      help: 'Pages that were read, by who answered and the shard of the tag.',
      labelNames: ['source', 'shard'],
    });
  }

  /** Tells of the pages of a shard that there were none yet. */
  tell(shard: string): void {
    this.talliesOf(shard);
  }

  /** @param shard one of the configuration */
  read(source: Source, shard: string): void {
    this.talliesOf(shard)[source].inc();
  }

  private talliesOf(shard: string): Readonly<Record<Source, Tally>> {
    const known = this.byShard.get(shard);
    if (known) return known;
    const entries = SOURCES.map((source) => [source, this.reads.tally({ source, shard })] as const);
    const tallies = Object.fromEntries(entries) as Record<Source, Tally>;
    this.byShard.set(shard, tallies);
    return tallies;
  }
}
