import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import {
  inBatchContext,
  inRequestContext,
  noteAnsweredFrom,
  requestContext,
  type RequestContext,
  servedRequests,
} from './request-context.js';
import { continueTrace } from './trace.js';

const request = (id: string): RequestContext => ({ id, ...continueTrace(undefined) });

describe(requestContext.name, () => {
  it('is that of the request that is handled, across whatever is awaited', async () => {
    const seen = await Promise.all(
      ['a', 'b'].map((id) =>
        inRequestContext(request(id), async () => {
          await nextTurn();
          noteAnsweredFrom('replica', `shard of ${id}`);
          return requestContext();
        }),
      ),
    );
    expect(seen).toMatchObject([
      { id: 'a', answeredFrom: { source: 'replica', shard: 'shard of a' } },
      { id: 'b', answeredFrom: { source: 'replica', shard: 'shard of b' } },
    ]);
  });

  it('is none outside of a request, where nothing is noted', () => {
    expect(requestContext()).toBeUndefined();
    noteAnsweredFrom('cache', 's0');
    expect(servedRequests()).toEqual([]);
  });

  it('is none in a batch, which serves several requests', async () => {
    const [a, b] = [request('a'), request('b')];
    await inRequestContext(a, async () => {
      await inBatchContext(
        () => [a, b],
        async () => {
          await nextTurn();
          noteAnsweredFrom('primary', 's0');
          expect(requestContext()).toBeUndefined();
          expect(servedRequests()).toEqual([a, b]);
        },
      );
      expect(requestContext()).toBe(a);
      expect(servedRequests()).toEqual([a]);
    });
    expect([a, b].map(({ answeredFrom }) => answeredFrom)).toEqual([undefined, undefined]);
  });
});
