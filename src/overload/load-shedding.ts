import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import type { SheddingConfig } from '../config/index.js';
import { replyWithProblem } from '../http/index.js';

/** What is too high, in the plugin's words, and how high: milliseconds, a share, bytes. */
export interface Pressure {
  readonly type: string;
  readonly value: number | undefined;
}

/** Longer than it takes to see that the pressure is gone. */
const RETRY_AFTER_SECONDS = 1;

/**
 * How often the process is measured, in milliseconds. All requests of an interval fare alike, so it
 * is short: a second of refusals would leave nothing to do, and the next one bring the rush back.
 */
const SAMPLE_INTERVAL_MS = 250;

/** For so long after a start, in milliseconds, the last measurement is of the start itself. */
const START_MS = 2 * SAMPLE_INTERVAL_MS;

/**
 * Answers 503 while the process is under pressure, before anything is done for a request, so that
 * those it has taken are answered in time.
 *
 * @param onShed told for each request that is refused
 */
export async function shedLoad(
  fastify: FastifyInstance,
  config: SheddingConfig,
  onShed: (pressure: Pressure) => void,
): Promise<void> {
  let listeningSince = Infinity;
  fastify.addHook('onListen', (done) => {
    listeningSince = performance.now();
    done();
  });
  await fastify.register(underPressure, {
    maxEventLoopDelay: config.maxEventLoopDelayMs,
    maxEventLoopUtilization: config.maxEventLoopUtilization,
    eventLoopUtilizationMode: 'interval',
    maxHeapUsedBytes: config.maxHeapShare * getHeapStatistics().heap_size_limit,
    sampleInterval: SAMPLE_INTERVAL_MS,
    // The plugin lets a request pass whose handler returns nothing, unless it has been answered.
    pressureHandler: async (_request, reply, type, value) => {
      if (performance.now() - listeningSince < START_MS) return;
      onShed({ type, value });
      replyWithProblem(reply, {
        status: 503,
        detail: 'There is more to do at the moment than can be done. Try again later.',
        headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
      });
    },
  });
}
