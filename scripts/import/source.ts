import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { UsageError } from '../usage-error.js';

const CHUNK_BYTES = 256 * 1024;

export const STDIN = '-';

/** The bytes of a file or of stdin. */
export interface Source {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** How much of it was read, 0 to 1; undefined if its size is not known. */
  done(): number | undefined;
}

/**
 * @param path `-` is stdin
 * @param interrupted ends the reading with an AbortError, even if no bytes come
 * @throws UsageError if there is no such file
 */
export async function openSource(path: string, interrupted: AbortSignal): Promise<Source> {
  if (path === STDIN) {
    return { chunks: addAbortSignal(interrupted, process.stdin), done: () => undefined };
  }
  const status = await stat(path).catch((cause: Error) => {
    throw new UsageError(`${path} cannot be read: ${cause.message}`, { cause });
  });
  if (status.isDirectory()) throw new UsageError(`${path} is a directory`);
  const chunks = createReadStream(path, { highWaterMark: CHUNK_BYTES, signal: interrupted });
  return {
    chunks,
    done: () => (status.size > 0 ? Math.min(1, chunks.bytesRead / status.size) : undefined),
  };
}
