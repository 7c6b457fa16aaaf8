import { Counter, type Registry } from 'prom-client';

type Source = 'cache' | 'replica' | 'primary';
const SOURCES: readonly Source[] = ['cache', 'replica', 'primary'];

/** Pages by who answered them. */
export class PageReadMetrics {
  private readonly reads: Counter<'source' | 'shard'>;
  /** The children of the counter: looked up once, not for each page. */
  private readonly byShard = new Map<string, Readonly<Record<Source, Counter.Internal>>>();

  constructor(registry: Registry) {
    this.reads = new Counter({
      name: 'messages_page_reads_total',
      help: 'Pages that were read, by who answered and the shard of the tag.',
      labelNames: ['source', 'shard'],
      registers: [registry],
    });
  }

  /** Tells of the pages of a shard that there were none yet. */
  tell(shard: string): void {
    this.childrenOf(shard);
  }

  /** @param shard one of the configuration */
  read(source: Source, shard: string): void {
    this.childrenOf(shard)[source].inc();
  }

  private childrenOf(shard: string): Readonly<Record<Source, Counter.Internal>> {
    const known = this.byShard.get(shard);
    if (known) return known;
    const entries = SOURCES.map(
      (source) => [source, this.reads.labels({ source, shard })] as const,
    );
    for (const [, child] of entries) child.inc(0);
    const children = Object.fromEntries(entries) as Record<Source, Counter.Internal>;
    this.byShard.set(shard, children);
    return children;
  }
}
