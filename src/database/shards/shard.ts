import { createHash } from 'node:crypto';
import { Logger } from '@nestjs/common';
import {
  type BucketRange,
  type DatabaseConfig,
  formatBucketRanges,
  type ShardConfig,
} from '../../config/index.js';
import type { CopyPlace } from '../../cache/freshness.js';
import type { Message } from '../../messages/message.js';
import type { MessagePage, PageQuery, Stored } from '../../messages/messages.repository.js';
import { PartUnavailableError, UnavailableError } from '../../errors/index.js';
import { noteAnsweredFrom } from '../../request-context/index.js';
import { type ShardObserver, timed } from '../database-observer.js';
import { CountReader } from '../counts/count-reader.js';
import type { CountStatement } from '../counts/counts.statement.js';
import { escapeTag } from '../freshness/floor-keys.js';
import { FloorDemand } from '../freshness/floor-demand.js';
import { floorWith, tokenOf } from '../freshness/consistency-token.js';
import type { Flight } from '../flight.js';
import type {
  Floor,
  FloorSource,
  FreshnessFloors,
  KnownFloor,
} from '../freshness/freshness-floors.js';
import type { Position } from '../freshness/position.js';
import { MessageReader } from '../reads/message-reader.js';
import { PageReader } from '../reads/page-reader.js';
import type { Answered } from '../reads/read-flights.js';
import type { ServerState } from '../replicas/replica-set.js';
import { type Patience, untilFresh } from '../reads/until-fresh.js';
import { orUnavailable } from '../unavailable.js';
import { keyedBody } from '../writes/idempotency.js';
import { KeyCleaner } from '../writes/key-cleaner.js';
import { MessageWriter } from '../writes/message-writer.js';
import { readWrittenPosition } from '../writes/position.statement.js';
import { queuesOf, rolesOf, type ShardMeasures } from './shard-measures.js';
import { ShardServers } from './shard-servers.js';

/** One PostgreSQL cluster, with some of the buckets: a primary, and replicas that follow it. */
export class Shard implements FloorSource {
  readonly name: string;
  readonly buckets: readonly BucketRange[];
  readonly id: string;
  private readonly servers: ShardServers;
  private readonly client: ReturnType<ShardServers['client']>;
  private readonly patience: Patience;
  private readonly writer: MessageWriter;
  private readonly pages: PageReader;
  private readonly messages: MessageReader;
  private readonly counts: CountReader;
  private readonly keyCleaner: KeyCleaner;
  private readonly roles: ReturnType<typeof rolesOf>;

  constructor(
    shard: ShardConfig,
    layoutId: string,
    config: DatabaseConfig,
    private readonly floors: FreshnessFloors,
    private readonly observer: ShardObserver,
  ) {
    this.name = shard.name;
    this.buckets = shard.buckets;
    this.id = idOf(layoutId, shard);
    this.roles = rolesOf(shard);
    this.servers = new ShardServers(shard, config);
    this.client = this.servers.client();
    this.patience = {
      timeoutMs: config.replicas.timeoutMs,
      intervalMs: config.replicas.pollIntervalMs,
      mayFreshen: () => this.client.$route(undefined)?.role === 'replica',
    };
    const primary = this.client.$primary();
    const logger = new Logger(Shard.name);
    const onFlight = (flight: Flight) => {
      observer.onFlight(flight);
      logFlight(logger, this.name, flight);
    };
    this.writer = new MessageWriter(primary, {
      limits: config.batching,
      retryForMs: config.statementTimeoutMs,
      committed: (tags, position) => this.floors.raise(this, tags, position),
      onFlight,
      onWriteCall: observer.onWriteCall,
    });
    this.pages = new PageReader(config.batching, onFlight);
    this.messages = new MessageReader(config.batching, onFlight);
    this.counts = new CountReader(onFlight);
    this.keyCleaner = new KeyCleaner(primary, (error) =>
      logger.warn({ err: error }, `shard ${this.name}: idempotency keys were not cleaned up`),
    );
  }

  async start(): Promise<void> {
    await this.servers.start();
    // Has it asked now where the primary is, not by the first read, which might find it gone.
    await this.floors.of(this, '');
    this.keyCleaner.start();
  }

  async insert(message: Message, idempotencyKey: string | undefined): Promise<Stored> {
    const idempotency =
      idempotencyKey === undefined
        ? undefined
        : keyedBody(idempotencyKey, message.tag, message.message);
    const { id, position } = await this.unlessUnavailable(() =>
      this.writer.insert({ message, idempotency }),
    );
    noteAnsweredFrom('primary', this.name);
    return { id, consistencyToken: tokenOf(this.id, position) };
  }

  async page({ tag, limit, before, consistencyToken }: PageQuery): Promise<MessagePage> {
    // Also for older pages: what was stored a moment ago may stand on one of them already.
    const floor = floorWith(consistencyToken, this.id, await this.floors.of(this, tag));
    return this.patiently(async () => {
      const page = { tag, limit, before, floor };
      const answered = await this.pages.read(page, this.routeTo(floor));
      this.observer.onPageRead(answered.source.role);
      return this.told(answered);
    });
  }

  /** Of copies of what belongs to the tag: beside its floor. */
  placeOf(tag: string): CopyPlace {
    return { shard: this.name, prefix: `${this.floors.hashTag(this, tag)}:${escapeTag(tag)}` };
  }

  /** What a page of the tag that is answered now has to have been read under. */
  demandOf(
    tag: string,
    consistencyToken: string | undefined,
    then: (demand: FloorDemand) => void,
  ): void {
    this.floors.ask(this, tag, (known) => {
      const isMore = consistencyToken !== undefined && this.asksForMore(consistencyToken, known);
      then(new FloorDemand(known.version, isMore));
    });
  }

  /** A message that a replica has is as good as any. One that it lacks may just not be there yet. */
  async find(id: string): Promise<string | undefined> {
    return this.patiently(async () => {
      const found = this.told(await this.messages.read(id, this.routeTo(undefined)));
      return found ?? this.told(await this.messages.read(id, this.routeTo('primary')));
    });
  }

  /**
   * Counts, from any replica that is in use: who counts may be as far behind as those.
   *
   * @throws PartUnavailableError that names the shard
   */
  async count<Row>(statement: CountStatement): Promise<readonly Row[]> {
    try {
      return await this.unlessUnavailable(() =>
        this.counts.read<Row>(statement, this.routeTo(undefined)),
      );
    } catch (cause) {
      if (!(cause instanceof UnavailableError)) throw cause;
      throw new PartUnavailableError(`shard ${this.name}`, cause.retryAfterSeconds, { cause });
    }
  }

  /** Its servers as they are known to be, the primary first. */
  serverStates(): ServerState[] {
    return this.servers.states();
  }

  /** In numbers, as it is now. */
  measures(): ShardMeasures {
    const { name, writer, pages, messages, counts } = this;
    const queues = queuesOf({ insert: writer, reads: { pages, messages, counts } }, this.roles);
    return { name, ...this.servers.measures(), queues };
  }

  currentPosition(): Promise<Position> {
    const primary = this.client.$primary();
    return timed('position', this.observer.onWriteCall, () => readWrittenPosition(primary));
  }

  /** Finishes what was accepted, then lets go of the connections. */
  async close(): Promise<void> {
    const flights = [this.writer, this.pages, this.messages, this.counts];
    await Promise.all(flights.map((each) => each.idle()));
    await this.keyCleaner.stop();
    await this.servers.stop();
  }

  /** A page as the primary has it; for nobody's answer. */
  async storedPage({ tag, limit, before }: PageQuery): Promise<string> {
    const page = { tag, limit, before, floor: 'primary' } as const;
    const { result } = await this.patiently(() => this.pages.read(page, this.routeTo('primary')));
    return result.json;
  }

  private asksForMore(consistencyToken: string, { floor }: KnownFloor): boolean {
    return floorWith(consistencyToken, this.id, floor) !== floor;
  }

  /** After a flight, in the context of the caller: the flight itself serves several requests. */
  private told<T>({ result, source }: Answered<T>): T {
    noteAnsweredFrom(source.role, this.name);
    return result;
  }

  private routeTo(floor: Floor | undefined) {
    return (except?: Parameters<typeof this.client.$route>[1]) => this.client.$route(floor, except);
  }

  private patiently<T>(read: () => Promise<T>): Promise<T> {
    return this.unlessUnavailable(() => untilFresh(read, this.patience));
  }

  private unlessUnavailable<T>(call: () => Promise<T>): Promise<T> {
    return orUnavailable(this.name, call);
  }
}

/** With the requests that it carried, which the logger knows of a batch. */
function logFlight(logger: Logger, shard: string, { server, durationMs, ...flight }: Flight): void {
  const { name, role } = server;
  logger.debug(
    { shard, server: name, role, ...flight, durationMs: Math.round(durationMs) },
    'batch',
  );
}

/** Differs between layouts, so that a position of another one is never taken for one of this. */
function idOf(layoutId: string, { buckets }: ShardConfig): string {
  const text = `${layoutId} ${formatBucketRanges(buckets)}`;
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
