import { AsyncLocalStorage } from 'node:async_hooks';
import type { Trace } from './trace.js';

/** Who answered a read. */
export interface AnsweredFrom {
  readonly source: 'cache' | 'replica' | 'primary';
  readonly shard: string;
}

/** What is known of a request wherever it is handled, without being handed from call to call. */
export interface RequestContext extends Trace {
  /** As in `X-Request-Id`. */
  readonly id: string;
  /** Set by whoever answers. */
  answeredFrom?: AnsweredFrom;
}

/** What a batch does, it does for several requests. */
interface Batch {
  readonly requests: () => readonly RequestContext[];
}

const storage = new AsyncLocalStorage<RequestContext | Batch>();

/** The request that is being handled; undefined outside of one, and in a batch. */
export function requestContext(): RequestContext | undefined {
  const store = storage.getStore();
  return store && 'id' in store ? store : undefined;
}

/** The requests that the work under way is done for: one, those of a batch, or none. */
export function servedRequests(): readonly RequestContext[] {
  const store = storage.getStore();
  if (!store) return [];
  return 'id' in store ? [store] : store.requests();
}

export function inRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/**
 * Runs work that is done for several requests at once. Without this it would count as done for
 * whichever of them came first.
 *
 * @param requests asked only when somebody wants to know
 */
export function inBatchContext<T>(requests: () => readonly RequestContext[], work: () => T): T {
  return storage.run({ requests }, work);
}

/** Notes on the request that is being handled who answered it. */
export function noteAnsweredFrom(source: AnsweredFrom['source'], shard: string): void {
  const context = requestContext();
  if (context) context.answeredFrom = { source, shard };
}
