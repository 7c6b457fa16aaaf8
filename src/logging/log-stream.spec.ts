import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GATHER_MS, LogStream } from './log-stream.js';

const FLUSH_MS = 20_000;
/** More than a pipe holds. */
const LINES = 10_000;
const line = (index: number) => `{"line":${index},"text":"${'x'.repeat(80)}"}\n`;

let directory: string;
let reader: number;
let writer: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'messages-log-'));
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
});

afterEach(() => {
  closeSync(writer);
  rmSync(directory, { recursive: true });
});

function read(): string {
  const buffer = Buffer.alloc(256 * 1024);
  try {
    return buffer.toString('utf8', 0, readSync(reader, buffer));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
    throw error;
  }
}

/** Reads until the work is done, and then what is left. */
async function readWhile(work: Promise<unknown>): Promise<string> {
  const progress = { text: '', done: false };
  const finished = work.finally(() => (progress.done = true));
  while (!progress.done) {
    progress.text += read();
    await new Promise(setImmediate);
  }
  await finished;
  for (let more = read(); more !== ''; more = read()) progress.text += more;
  return progress.text;
}

describe(LogStream.name, () => {
  it('writes every line, whole and in order, to a reader that is slower', async () => {
    const stream = new LogStream(writer);
    for (let index = 0; index < LINES; index++) stream.write(line(index));
    const text = await readWhile(stream.flush(FLUSH_MS));
    expect(text).toBe(Array.from({ length: LINES }, (_, index) => line(index)).join(''));
    closeSync(reader);
  });

  it('writes a single line without being asked to', async () => {
    const stream = new LogStream(writer);
    stream.write(line(1));
    let text = '';
    while (text === '') {
      text = read();
      await new Promise(setImmediate);
    }
    expect(text).toBe(line(1));
    expect(await stream.flush(FLUSH_MS)).toBe(true);
    closeSync(reader);
  });

  it('writes a line that came, and waited its time, while others were written', async () => {
    const stream = new LogStream(writer);
    for (let index = 0; index < LINES; index++) stream.write(line(index));
    stream.write(line(LINES));
    // Timers of the same duration fire in their order: that of the line has fired before this one.
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    let text = '';
    while (!text.endsWith(line(LINES))) {
      text += read();
      await new Promise(setImmediate);
    }
    closeSync(reader);
  });

  it('drops what is beyond its bound while nobody reads, and tells once somebody does', async () => {
    const stream = new LogStream(writer, 100_000);
    const told: number[] = [];
    stream.onDropped = (lines) => told.push(lines);
    for (let index = 0; index < LINES; index++) stream.write(line(index));
    expect(await stream.flush(0)).toBe(false);
    const text = await readWhile(stream.flush(FLUSH_MS));
    const lines = text.split('\n').length - 1;
    expect(lines).toBeLessThan(LINES);
    expect(text).toBe(Array.from({ length: lines }, (_, index) => line(index)).join(''));
    expect(told).toEqual([LINES - lines]);
    closeSync(reader);
  });

  it('writes what is left at the end of the process, whatever was under way', () => {
    const stream = new LogStream(writer);
    stream.write(line(1));
    stream.write(line(2));
    stream.flushSync(0);
    expect(read()).toBe(line(1) + line(2));
    closeSync(reader);
  });

  it('does not wait at the end for a reader that reads no more', () => {
    const stream = new LogStream(writer);
    for (let index = 0; index < LINES; index++) stream.write(line(index));
    stream.flushSync(0);
    expect(read()).not.toBe('');
    closeSync(reader);
  });

  it('goes on, and keeps nothing, when its reader is gone', async () => {
    const stream = new LogStream(writer, 100_000);
    closeSync(reader);
    for (let index = 0; index < LINES; index++) stream.write(line(index));
    expect(await stream.flush(FLUSH_MS)).toBe(false);
    for (let index = 0; index < LINES; index++) stream.write(line(index));
    expect(await stream.flush(FLUSH_MS)).toBe(false);
    stream.flushSync(0);
  });
});
