import { Counter, type CounterConfiguration, type Registry } from 'prom-client';

/** How often something happened that was not told yet. */
export class Tally {
  private untold = 0;

  inc(): void {
    this.untold++;
  }

  take(): number {
    const { untold } = this;
    this.untold = 0;
    return untold;
  }
}

/**
 * A counter for what happens at every request: prom-client looks up the labels at each `inc`, also
 * of a child. This one adds to a number, and tells prom-client at each scrape.
 */
export class TallyCounter<Label extends string> {
  private readonly counter: Counter<Label>;
  private readonly tallies: (readonly [Counter.Internal, Tally])[] = [];

  constructor(
    registry: Registry,
    options: Pick<CounterConfiguration<Label>, 'name' | 'help' | 'labelNames'>,
  ) {
    this.counter = new Counter({ ...options, registers: [registry], collect: () => this.tell() });
  }

  /** From now on it is told, at first as zero. Ask once for the same labels. */
  tally(labels: Readonly<Record<Label, string>>): Tally {
    const tally = new Tally();
    this.tallies.push([this.counter.labels(labels), tally]);
    return tally;
  }

  private tell(): void {
    for (const [child, tally] of this.tallies) child.inc(tally.take());
  }
}
