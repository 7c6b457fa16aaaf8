import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from '../config/index.js';
import { RedisServers } from '../redis/index.js';
import { type Pressure, shedLoad } from './load-shedding.js';
import { MemoryWindows } from './rate-limit/memory-windows.js';
import { limitRate } from './rate-limit/post-rate-limit.js';
import { RedisWindows } from './rate-limit/redis-windows.js';

/** Why a request was refused that the service could have answered at another time. */
export type ShedReason = 'pressure' | 'rate_limit';

/** A flood of refusals is not to become one of log lines. */
const WARN_INTERVAL_MS = 10_000;

/**
 * Refuses what would keep the service from answering the rest. Call it before any route is
 * registered.
 *
 * @param onShed told for each request that is refused
 */
export async function protectFromOverload(
  app: NestFastifyApplication,
  { overload, redis, environment }: Config,
  onShed: (reason: ShedReason) => void = () => undefined,
): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  const logger = new Logger('Overload');
  const warn = sometimes(WARN_INTERVAL_MS, ({ type, value }: Pressure) =>
    logger.warn({ pressure: type, value }, 'requests are refused: the process is under pressure'),
  );
  await shedLoad(fastify, overload.shedding, (pressure) => {
    onShed('pressure');
    warn(pressure);
  });
  if (overload.postRateLimit) {
    const local = new MemoryWindows();
    const windows = redis ? new RedisWindows(app.get(RedisServers), local) : local;
    await limitRate(fastify, overload.postRateLimit, windows, () => onShed('rate_limit'));
  } else if (environment === 'production') {
    logger.warn('POST_RATE_LIMIT is 0: a client may post as much as it likes');
  }
}

/** Does it at most once in an interval. */
function sometimes<T>(intervalMs: number, act: (value: T) => void): (value: T) => void {
  let next = 0;
  return (value) => {
    if (performance.now() < next) return;
    next = performance.now() + intervalMs;
    act(value);
  };
}
