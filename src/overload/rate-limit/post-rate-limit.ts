import { callbackify } from 'node:util';
import rateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import type { Rate } from '../../config/index.js';
import { clientAddress, replyWithProblem } from '../../http/index.js';
import { clientKey } from './client-key.js';
import type { Windows } from './windows.js';

/**
 * Answers 429 to a client that asks more often than it may for a route that is `@RateLimited()`,
 * before its body is read. Call it before any route is registered.
 *
 * The plugin's own headers are those of the draft's fourth edition; these are of its tenth
 * (draft-ietf-httpapi-ratelimit-headers-10).
 *
 * @param onRefused told for each request that is refused
 */
export async function limitRate(
  fastify: FastifyInstance,
  rate: Rate,
  windows: Windows,
  onRefused: () => void,
): Promise<void> {
  await fastify.register(rateLimit, {
    global: false,
    max: rate.count,
    timeWindow: rate.windowMs,
    keyGenerator: (request) => clientKey(clientAddress(request)),
    store: storeOf(windows),
    skipOnError: true,
  });
  const countRequest = fastify.createRateLimit();
  const windowSeconds = rate.windowMs / 1_000;
  const policy = `"post";q=${rate.count};w=${windowSeconds}`;

  const limit: onRequestAsyncHookHandler = async (request, reply) => {
    const client = await countRequest(request);
    if (client.isAllowed) return;
    const { remaining, ttlInSeconds, isExceeded } = client;
    reply.headers({
      'ratelimit-policy': policy,
      ratelimit: `"post";r=${remaining};t=${ttlInSeconds}`,
    });
    if (!isExceeded) return;
    onRefused();
    replyWithProblem(reply, {
      status: 429,
      detail: `At most ${rate.count} messages in ${windowSeconds} s. Try again in ${ttlInSeconds} s.`,
      headers: { 'retry-after': String(ttlInSeconds) },
    });
    return reply;
  };

  fastify.addHook('onRoute', (route) => {
    if (!route.config?.rateLimited) return;
    route.onRequest = [...[route.onRequest ?? []].flat(), limit];
  });
}

/** The plugin makes its store itself, from a class. */
function storeOf(windows: Windows): FastifyRateLimitStoreCtor {
  const count = callbackify((client: string, windowMs: number, max: number) =>
    windows.count(client, windowMs, max),
  );
  return class WindowStore {
    incr(
      client: string,
      callback: (error: Error | null, count?: { current: number; ttl: number }) => void,
      windowMs: number,
      max: number,
    ): void {
      count(client, windowMs, max, callback);
    }

    child(): WindowStore {
      return this;
    }
  };
}
