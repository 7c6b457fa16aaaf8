import type { OnFlight } from './flight.js';
import type { Source } from './replicas/source.js';

/** What an insert asks the primary for, one after the other. */
export type WriteCall = 'insert' | 'position';

/** Is told of a call to the primary, whether it succeeded or not. */
export type OnWriteCall = (call: WriteCall, seconds: number) => void;

/** Is told what a shard does, to count it. */
export interface ShardObserver {
  readonly onFlight: OnFlight;
  readonly onWriteCall: OnWriteCall;
  readonly onPageRead: (role: Source['role']) => void;
}

/** Is told what the database module does, to count it. */
export interface DatabaseObserver {
  shard(name: string, roles: readonly Source['role'][]): ShardObserver;
  /** Redis was told of so many floors, or did not take them when they were raised. */
  floors(outcome: 'written' | 'failed', count: number): void;
}

/** Makes a call to the primary, and tells how long it took. */
export async function timed<T>(
  call: WriteCall,
  onWriteCall: OnWriteCall,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  try {
    return await work();
  } finally {
    onWriteCall(call, (performance.now() - startedAt) / 1_000);
  }
}
