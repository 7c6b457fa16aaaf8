import type { Source } from './replicas/source.js';

/** A batch that a server was asked for as one, after it has landed. */
export interface Flight {
  readonly operation: 'insert' | 'pages' | 'messages' | 'counts';
  readonly server: Pick<Source, 'name' | 'role'>;
  /** Different ones: equal reads are one. */
  readonly items: number;
  readonly durationMs: number;
  /** Whether all of it failed. */
  readonly failed: boolean;
}

/** Told in the context of the batch, which knows the requests that it carried. */
export type OnFlight = (flight: Flight) => void;

/** What `work` comes to, told of to `onFlight`. */
export async function observed<T>(
  flight: Pick<Flight, 'operation' | 'server' | 'items'>,
  work: () => Promise<T>,
  onFlight: OnFlight,
): Promise<T> {
  const startedAt = performance.now();
  let failed = true;
  try {
    const result = await work();
    failed = false;
    return result;
  } finally {
    onFlight({ ...flight, durationMs: performance.now() - startedAt, failed });
  }
}
