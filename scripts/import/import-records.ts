import type { BatchWriter } from './batch-writer.js';
import type { RejectFile } from './reject-file.js';
import { messageOfRow } from './row.js';
import type { SourceRecord } from './source-record.js';

export interface ImportTarget {
  readonly writer: Pick<BatchWriter, 'add'>;
  readonly rejects: Pick<RejectFile, 'add' | 'flush'>;
  /** Called with the number of records so far. */
  readonly onRows: (rows: number) => void;
}

/** Sends each valid record to the writer and every other to the rejects, until interrupted. */
export async function importRecords(
  groups: AsyncIterable<readonly SourceRecord[]>,
  { writer, rejects, onRows }: ImportTarget,
  interrupted: AbortSignal,
): Promise<void> {
  let rows = 0;
  try {
    for await (const records of groups) {
      for (const record of records) {
        const message = 'fault' in record ? record.fault : messageOfRow(record.row);
        rows++;
        if (typeof message === 'string') {
          rejects.add({ line: record.line, reason: message, row: record.raw });
        } else {
          await writer.add(message);
        }
      }
      await rejects.flush();
      onRows(rows);
      if (interrupted.aborted) return;
    }
  } catch (error) {
    if (interrupted.aborted && error instanceof Error && error.name === 'AbortError') return;
    throw error;
  }
}
