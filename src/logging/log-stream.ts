import { write, writeSync } from 'node:fs';

/** What a reader such as Docker's log driver takes at once. */
const CHUNK = 16 * 1024;
const MAX_PENDING = 16 * 1024 * 1024;
/** How long a line waits for others. */
export const GATHER_MS = 100;
/** How long to wait for a reader whose pipe is full. */
const RETRY_MS = 10;
/** The reader is gone, or the descriptor is: no line will be taken any more. */
const GONE = new Set(['EPIPE', 'EBADF', 'ECONNRESET']);
const BUSY = new Set(['EAGAIN', 'EBUSY']);

/**
 * Writes lines in chunks and never has the caller wait: what the reader does not take is kept up to
 * a bound, and dropped and counted beyond it.
 *
 * Why not pino's own destination: see docs/decisions/0020-logs.md.
 */
export class LogStream {
  /** Lines since they were last told of. */
  private dropped = 0;
  private readonly chunks: Buffer[] = [];
  /** Bytes of all of them. */
  private queued = 0;
  private gathered = '';
  /** What is being written. */
  private writing: Buffer | undefined;
  /** Whether it is in the hands of the operating system, or waits for its reader. */
  private inFlight = false;
  private gone = false;
  private timer: NodeJS.Timeout | undefined;
  private readonly whenEmpty: (() => void)[] = [];

  /** Told how many lines were dropped, once lines are taken again. */
  onDropped: (lines: number) => void = () => undefined;

  /**
   * @param fd a file descriptor; with a pipe or a socket it has to be non-blocking
   * @param maxPending bytes that wait to be written at most
   */
  constructor(
    private readonly fd: number,
    private readonly maxPending = MAX_PENDING,
  ) {}

  write(line: string): void {
    if (this.gone) return;
    if (this.queued + this.gathered.length + line.length > this.maxPending) {
      this.dropped++;
      return;
    }
    this.gathered += line;
    if (this.gathered.length < CHUNK) return this.nextInTime();
    const bytes = this.takeGathered();
    this.chunks.push(bytes);
    this.queued += bytes.length;
    this.next();
  }

  /**
   * Resolves once all that was logged is written, or cannot be.
   *
   * @returns whether it is written
   */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.isEmpty()) return !this.gone;
    let timeout: NodeJS.Timeout | undefined;
    const empty = new Promise<void>((resolve) => this.whenEmpty.push(resolve));
    const late = new Promise<void>((resolve) => (timeout = setTimeout(resolve, timeoutMs)));
    this.next();
    await Promise.race([empty, late]);
    clearTimeout(timeout);
    return this.isEmpty() && !this.gone;
  }

  /** Writes what is left before the process ends, in which nothing asynchronous is run any more. */
  flushSync(timeoutMs: number): void {
    const deadline = performance.now() + timeoutMs;
    const waiting = this.writing && !this.inFlight ? [this.writing] : [];
    let rest = Buffer.concat([...waiting, ...this.chunks, this.takeGathered()]);
    this.giveUp();
    while (rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(this.fd, rest));
      } catch (error) {
        if (!BUSY.has(codeOf(error)) || performance.now() > deadline) return;
        sleepSync(RETRY_MS);
      }
    }
  }

  private nextInTime(): void {
    this.timer ??= setTimeout(() => this.next(), GATHER_MS).unref();
  }

  private next(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.writing) return;
    const chunk = this.chunks.shift();
    this.queued -= chunk?.length ?? 0;
    const bytes = chunk ?? this.takeGathered();
    if (bytes.length > 0) return this.send(bytes);
    for (const resolve of this.whenEmpty.splice(0)) resolve();
  }

  /** As bytes, since a text that is put together of many keeps several times as much memory. */
  private takeGathered(): Buffer {
    const bytes = Buffer.from(this.gathered);
    this.gathered = '';
    return bytes;
  }

  private send(bytes: Buffer): void {
    if (this.gone) return;
    this.writing = bytes;
    this.inFlight = true;
    write(this.fd, bytes, (error, written) => {
      this.inFlight = false;
      if (error) this.failed(error, bytes);
      else this.sent(bytes.subarray(written));
    });
  }

  private sent(rest: Buffer): void {
    if (this.gone) return;
    if (rest.length > 0) return this.send(rest);
    this.writing = undefined;
    this.tellDropped();
    // A chunk that is not full waits for its time, unless somebody waits for it.
    if (this.chunks.length > 0 || this.whenEmpty.length > 0) this.next();
    else if (this.gathered !== '') this.nextInTime();
  }

  private failed(error: NodeJS.ErrnoException, bytes: Buffer): void {
    if (GONE.has(codeOf(error))) return this.giveUp();
    if (!BUSY.has(codeOf(error))) {
      // A disk that is full, for example: this chunk is lost, the next one may not be.
      this.dropped += bytes.toString().split('\n').length - 1;
      this.writing = undefined;
      setTimeout(() => this.next(), RETRY_MS).unref();
      return;
    }
    setTimeout(() => this.send(bytes), RETRY_MS).unref();
  }

  private giveUp(): void {
    this.gone = true;
    this.writing = undefined;
    this.chunks.length = 0;
    this.queued = 0;
    this.gathered = '';
    this.next();
  }

  private tellDropped(): void {
    const { dropped } = this;
    if (dropped === 0) return;
    this.dropped = 0;
    this.onDropped(dropped);
  }

  private isEmpty(): boolean {
    return !this.writing && this.chunks.length === 0 && this.gathered === '';
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
