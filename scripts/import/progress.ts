/** What progress is written to: process.stderr, or a stand-in. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const TTY_INTERVAL_MS = 1000;
const LOG_INTERVAL_MS = 5000;

/** Says how far a long command is: on a terminal in one line, elsewhere in a line now and then. */
export class ProgressMeter {
  private readonly startedAt: number;
  private readonly intervalMs: number;
  private saidAt: number;
  private width = 0;

  constructor(
    private readonly output: ProgressOutput,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.startedAt = this.saidAt = now();
    this.intervalMs = output.isTTY ? TTY_INTERVAL_MS : LOG_INTERVAL_MS;
  }

  /**
   * To be called as often as one likes.
   *
   * @param done 0 to 1; undefined if the end is not known
   */
  update(rows: number, done?: number): void {
    const now = this.now();
    if (now - this.saidAt < this.intervalMs) return;
    this.saidAt = now;
    const line = progressLine(rows, (now - this.startedAt) / 1000, done);
    if (!this.output.isTTY) {
      this.output.write(`${line}\n`);
      return;
    }
    this.output.write(`\r${line.padEnd(this.width)}`);
    this.width = line.length;
  }

  /** Ends the line that was rewritten. */
  end(): void {
    if (this.width > 0) this.output.write('\n');
    this.width = 0;
  }
}

export function progressLine(rows: number, seconds: number, done?: number): string {
  const rate = seconds > 0 ? Math.round(rows / seconds) : 0;
  const parts = [`${grouped(rows)} rows`, `${grouped(rate)} rows/s`];
  if (done !== undefined && done > 0) {
    parts.push(`${Math.floor(done * 100)} %`, `${duration((seconds / done) * (1 - done))} left`);
  }
  return parts.join(', ');
}

function grouped(count: number): string {
  return count.toLocaleString('en');
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
