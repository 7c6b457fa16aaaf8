import { type FileHandle, open, rm, stat } from 'node:fs/promises';

const ROW_MAX_CHARACTERS = 1000;

export interface Rejection {
  readonly line: number;
  readonly reason: string;
  readonly row: string;
}

/** The rows that were not imported, one JSON object a line. There is no file if there are none. */
export class RejectFile {
  count = 0;
  private pending = '';
  private file: FileHandle | undefined;

  private constructor(readonly path: string) {}

  /** Removes the file of an earlier run, which would pass for this one's. */
  static async replacing(path: string): Promise<RejectFile> {
    const old = await stat(path).catch(() => undefined);
    // Nothing but a file: --rejects may name /dev/stderr.
    if (old?.isFile()) await rm(path);
    return new RejectFile(path);
  }

  add({ line, reason, row }: Rejection): void {
    this.count++;
    this.pending += `${JSON.stringify({ line, reason, row: truncated(row) })}\n`;
  }

  /** Writes what was added; to be awaited often, since `add` keeps it in memory. */
  async flush(): Promise<void> {
    if (this.pending === '') return;
    this.file ??= await open(this.path, 'w');
    const text = this.pending;
    this.pending = '';
    await this.file.writeFile(text);
  }

  async close(): Promise<void> {
    await this.flush();
    await this.file?.close();
  }
}

function truncated(row: string): string {
  if (row.length <= ROW_MAX_CHARACTERS) return row;
  return `${row.slice(0, ROW_MAX_CHARACTERS).toWellFormed()}…`;
}
