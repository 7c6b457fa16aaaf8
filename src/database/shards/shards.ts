import { Logger } from '@nestjs/common';
import type { DatabaseConfig } from '../../config/index.js';
import type { DatabaseObserver } from '../database-observer.js';
import type { FreshnessFloors } from '../freshness/freshness-floors.js';
import { untilVerified } from '../migrate/until-verified.js';
import { verifyShards } from '../migrate/verify.js';
import { Shard } from './shard.js';
import { rolesOf, type ShardMeasures } from './shard-measures.js';
import { ShardMap } from './shard-map.js';

/** All the shards of the configuration. */
export class Shards {
  private map: ShardMap<Shard> | undefined;
  private waitingFor: string | undefined = 'the databases are asked for their state';
  private readonly closed = new AbortController();
  private readonly logger = new Logger(Shards.name);

  constructor(
    private readonly config: DatabaseConfig,
    private readonly floors: FreshnessFloors,
    private readonly observer: DatabaseObserver,
  ) {}

  /** What `open` waits for; undefined once it is done. */
  get opening(): string | undefined {
    return this.waitingFor;
  }

  /**
   * Waits for databases that cannot be reached yet, or are not migrated.
   *
   * @throws DatabaseStateError if the databases are not such that this version can serve
   */
  async open(): Promise<void> {
    const { layoutId } = await untilVerified(() => verifyShards(this.config), {
      timeoutMs: this.config.startupTimeoutMs,
      signal: this.closed.signal,
      onWait: (error) => this.noteWait(error),
    });
    this.map = new ShardMap(
      this.config.shards.map((shard) => {
        const observer = this.observer.shard(shard.name, rolesOf(shard));
        return new Shard(shard, layoutId, this.config, this.floors, observer);
      }),
    );
    await Promise.all(this.map.shards.map((shard) => shard.start()));
    this.waitingFor = undefined;
  }

  of(bucket: number): Shard {
    return this.opened.of(bucket);
  }

  get all(): readonly Shard[] {
    return this.opened.shards;
  }

  /** Of every shard; of none before they are open. */
  measures(): readonly ShardMeasures[] {
    return this.opening === undefined ? this.all.map((shard) => shard.measures()) : [];
  }

  async close(): Promise<void> {
    this.closed.abort();
    await Promise.all(this.map?.shards.map((shard) => shard.close()) ?? []);
  }

  /** Once for each reason, not for each attempt. */
  private noteWait(error: Error): void {
    if (this.waitingFor === error.message) return;
    this.waitingFor = error.message;
    this.logger.warn({ err: error }, `waiting: ${error.message}`);
  }

  private get opened(): ShardMap<Shard> {
    if (!this.map) throw new Error('the shards are not open');
    return this.map;
  }
}
