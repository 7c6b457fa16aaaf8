import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Message } from '../../src/messages/message.js';

const BLOCK_CHARACTERS = 256 * 1024;

/** Writes messages as CSV that `npm run import` reads. */
export class CsvOutput {
  private block = '';

  private constructor(private readonly stream: Writable) {
    // A failed write rejects in `flush`; without a listener its event would end the process first.
    stream.on('error', () => {});
  }

  /** @param path `-` is stdout */
  static async open(path: string): Promise<CsvOutput> {
    if (path === '-') return new CsvOutput(process.stdout);
    const stream = createWriteStream(path);
    await once(stream, 'open');
    return new CsvOutput(stream);
  }

  async add({ message, tag, createdAt }: Message): Promise<void> {
    this.block += `${csvField(message)},${csvField(tag)},${createdAt.toISOString()}\n`;
    if (this.block.length >= BLOCK_CHARACTERS) await this.flush();
  }

  async finish(): Promise<void> {
    await this.flush();
    if (this.stream === process.stdout) return;
    this.stream.end();
    await finished(this.stream);
  }

  /** Waits for each block, so that a slow reader of stdout slows the writer down. */
  private async flush(): Promise<void> {
    const block = this.block;
    this.block = '';
    await new Promise<void>((resolve, reject) => {
      this.stream.write(block, (error) => (error ? reject(error) : resolve()));
    });
  }
}

export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
