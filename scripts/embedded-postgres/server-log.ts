import { open, rename, stat, type FileHandle } from 'node:fs/promises';

const ROTATE_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 32 * 1024;

/** The log file of one server; remembers where the current run began. */
export class ServerLog {
  #start = 0;

  constructor(readonly file: string) {}

  /** Opens the file for the server to append to; a large one is put aside first. */
  async openForRun(): Promise<FileHandle> {
    const size = await this.#size();
    if (size > ROTATE_BYTES) await rename(this.file, `${this.file}.1`);
    this.#start = size > ROTATE_BYTES ? 0 : size;
    return open(this.file, 'a', 0o600);
  }

  /** What the current run has written, at most its last part. */
  async ofThisRun(): Promise<string> {
    const size = await this.#size();
    const from = Math.max(this.#start, size - TAIL_BYTES);
    if (size <= from) return '';
    const handle = await open(this.file, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(size - from),
        0,
        size - from,
        from,
      );
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  }

  async lastLines(count = 15): Promise<string> {
    return (await this.ofThisRun()).trimEnd().split('\n').slice(-count).join('\n');
  }

  async #size(): Promise<number> {
    return stat(this.file).then(
      (found) => found.size,
      () => 0,
    );
  }
}
