import { UnavailableError } from '../../errors/index.js';
import { covers, type Position } from '../freshness/position.js';
import type { PrismaClient } from '../generated/client.js';
import type { ServerReport } from '../servers/server-monitor.js';
import type { Source } from './source.js';

/** The replica stopped answering while it was asked. */
export class ReplicaLostError extends UnavailableError {
  override readonly name = 'ReplicaLostError';

  constructor(replica: string, options: ErrorOptions) {
    super(`${replica} does not answer`, 1, options);
  }
}

/** A streaming replica, as it was when it last answered its monitor. */
export class Replica implements Source {
  readonly role = 'replica';
  load = 0;
  /** Undefined while it does not answer. */
  report: ServerReport | undefined;
  /** Since when it follows nothing; undefined while it follows. */
  brokenOffSince: number | undefined;
  private readonly onLost = new Set<(error: Error) => void>();

  constructor(
    readonly name: string,
    readonly client: PrismaClient,
  ) {}

  /** @param now milliseconds of the clock that `brokenOffSince` is told by */
  reported(report: ServerReport, now: number): void {
    this.report = report;
    this.brokenOffSince = report.receiving ? undefined : (this.brokenOffSince ?? now);
  }

  lost(cause: unknown): void {
    this.report = undefined;
    const error = new ReplicaLostError(this.name, { cause });
    for (const reject of this.onLost) reject(error);
  }

  hasReplayed(needed: Position): boolean {
    return this.report !== undefined && covers(this.report.position, needed);
  }

  async whileAnswering<T>(work: Promise<T>): Promise<T> {
    let onLost: ((error: Error) => void) | undefined;
    const lost = new Promise<never>((_, reject) => {
      onLost = reject;
      this.onLost.add(reject);
    });
    try {
      return await Promise.race([work, lost]);
    } finally {
      if (onLost) this.onLost.delete(onLost);
      // Whichever comes too late has nobody left to tell.
      work.catch(() => undefined);
    }
  }
}
