import type { Position } from '../freshness/position.js';
import type { MonitorListener, ServerReport } from '../servers/server-monitor.js';
import type { Replica } from './replica.js';
import { WalProgress } from './wal-progress.js';

/** Why a replica gets no reads, whatever they need. */
export type LeftOut =
  'not answering' | 'no primary' | 'no standby' | 'on an old timeline' | 'broken off' | 'lagging';

/** A server of the shard, as its monitor found it. */
export interface ServerState {
  readonly name: string;
  readonly role: 'primary' | 'replica';
  /** Why it gets no requests; undefined while it does. */
  readonly leftOut: LeftOut | undefined;
  readonly since: Date;
  /** Undefined of a primary, and of one that does not answer. */
  readonly lag: Lag | undefined;
}

/** What a replica has not replayed. */
export interface Lag {
  /** How long ago the first of it was written, in milliseconds. */
  readonly ms: number;
  readonly bytes: number;
}

/** The replicas of a shard, and what is known of its primary: decides who may serve a read. */
export class ReplicaSet {
  private primary: ServerReport | undefined;
  private primaryState: Pick<ServerState, 'leftOut' | 'since'> = {
    leftOut: 'not answering',
    since: new Date(),
  };
  private primaryReportedAt = 0;
  /** How far the primary has written. */
  private readonly written: WalProgress;
  /** How far any replica has received: all that is left of the primary while it is away. */
  private readonly received: WalProgress;
  private turn = 0;

  private readonly known = new Map<Replica, Pick<ServerState, 'leftOut' | 'since'>>();

  constructor(
    readonly replicas: readonly Replica[],
    private readonly maxLagMs: number,
    /** Told when a replica is left out, and when it is back. */
    private readonly onChange: (replica: Replica, leftOut: LeftOut | undefined) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.written = new WalProgress(2 * maxLagMs);
    this.received = new WalProgress(2 * maxLagMs);
  }

  /** Hears the primary's monitor. */
  readonly primaryListener: MonitorListener = {
    reported: (report) => {
      // A standby behind the primary's address: a failover is under way.
      this.primary = report.standby ? undefined : report;
      this.notePrimary(report.standby ? 'no primary' : undefined);
      if (!this.primary) return;
      this.primaryReportedAt = this.now();
      this.written.record(report.position.lsn, this.primaryReportedAt);
    },
    lost: () => {
      this.primary = undefined;
      this.notePrimary('not answering');
    },
  };

  /** Hears a replica's monitor. */
  listenerOf(replica: Replica): MonitorListener {
    return {
      reported: (report) => {
        replica.reported(report, this.now());
        this.received.record(this.furthestReceived(), this.now());
        this.noteChange(replica);
      },
      lost: (error) => {
        replica.lost(error);
        this.noteChange(replica);
      },
    };
  }

  /**
   * The least loaded replica that is known to have replayed `needed`. What is known comes from
   * before this moment, so it holds for every statement sent from now on. To ask the replica within
   * the statement would not do: its snapshot may be older than the position that it then reads.
   * Checking and choosing are one step that nothing can come between.
   *
   * @param needed undefined if any replica will do that is not left out
   * @param except one that has just failed
   */
  choose(needed: Position | undefined, except?: unknown): Replica | undefined {
    let best: Replica | undefined;
    const count = this.replicas.length;
    // Equal loads take turns.
    this.turn = (this.turn + 1) % Math.max(count, 1);
    for (let step = 0; step < count; step++) {
      const replica = this.replicas[(this.turn + step) % count] as Replica;
      if (replica === except || (best && replica.load >= best.load)) continue;
      if (this.leftOut(replica) || (needed && !replica.hasReplayed(needed))) continue;
      best = replica;
    }
    return best;
  }

  leftOut(replica: Replica): LeftOut | undefined {
    const { report, brokenOffSince } = replica;
    if (!report) return 'not answering';
    if (!report.standby) return 'no standby';
    if (this.primary && report.position.timeline < this.primary.position.timeline) {
      return 'on an old timeline';
    }
    const movedOn = this.primary && this.primary.position.lsn > report.position.lsn;
    if (movedOn && brokenOffSince !== undefined && this.primaryReportedAt > brokenOffSince) {
      return 'broken off';
    }
    return this.lagMs(replica) > this.maxLagMs ? 'lagging' : undefined;
  }

  /** How long ago what the replica lacks was written, in milliseconds. */
  lagMs({ report }: Replica): number {
    if (!report) return 0;
    // With the primary gone, its last bytes may have reached nobody. A replica that lacks only
    // those does not lag: there is nothing left to catch up with.
    const progress = this.primary ? this.written : this.received;
    return progress.lagOf(report.position.lsn, this.now());
  }

  /** Every server, the primary first. */
  servers(): ServerState[] {
    return [
      { name: 'primary', role: 'primary', ...this.primaryState, lag: undefined },
      ...this.replicas.map((replica): ServerState => {
        const leftOut = this.leftOut(replica);
        const known = this.known.get(replica);
        // One that lags by now, though it was not found to by its last report.
        const since = known && known.leftOut === leftOut ? known.since : new Date();
        return { name: replica.name, role: 'replica', leftOut, since, lag: this.lagOf(replica) };
      }),
    ];
  }

  private lagOf(replica: Replica): Lag | undefined {
    if (!replica.report) return undefined;
    const end = this.primary ? this.primary.position.lsn : this.furthestReceived();
    const bytes = Number(end - replica.report.position.lsn);
    return { ms: this.lagMs(replica), bytes: Math.max(bytes, 0) };
  }

  private notePrimary(leftOut: LeftOut | undefined): void {
    if (this.primaryState.leftOut !== leftOut) this.primaryState = { leftOut, since: new Date() };
  }

  private furthestReceived(): bigint {
    let furthest = 0n;
    for (const { report } of this.replicas) {
      if (report && report.receivedLsn > furthest) furthest = report.receivedLsn;
    }
    return furthest;
  }

  private noteChange(replica: Replica): void {
    const leftOut = this.leftOut(replica);
    const known = this.known.get(replica);
    if (known && known.leftOut === leftOut) return;
    this.known.set(replica, { leftOut, since: new Date() });
    this.onChange(replica, leftOut);
  }
}
