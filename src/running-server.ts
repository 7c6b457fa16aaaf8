import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ShutdownConfig } from './config/index.js';
import type { Lifecycle } from './health/index.js';
import type { ConnectionDrain } from './http/index.js';
import type { ManagementServer } from './management/index.js';

/** What was running did not end in time. */
export class ShutdownTimeoutError extends Error {
  override readonly name = 'ShutdownTimeoutError';
}

interface Parts {
  readonly app: NestFastifyApplication;
  readonly management: ManagementServer;
  readonly lifecycle: Lifecycle;
  readonly connections: ConnectionDrain;
  readonly shutdown: ShutdownConfig;
}

/** The service, listening on both its ports. */
export class RunningServer {
  constructor(
    readonly url: string,
    private readonly parts: Parts,
  ) {}

  get managementUrl(): string {
    return this.parts.management.url;
  }

  /**
   * Stops without failing a request: is not ready first, so that whoever balances load sends the
   * next ones elsewhere; answers what comes until that is noticed; then closes.
   *
   * @throws ShutdownTimeoutError with what was still running
   */
  async stop(): Promise<void> {
    const { lifecycle, connections, shutdown } = this.parts;
    const timer = new AbortController();
    const late = async (): Promise<never> => {
      await sleep(shutdown.timeoutMs, undefined, { signal: timer.signal });
      const seconds = shutdown.timeoutMs / 1_000;
      const running = `requests that are still being answered: ${connections.running}`;
      throw new ShutdownTimeoutError(`not stopped within ${seconds} s: ${running}`);
    };
    lifecycle.drain();
    connections.begin();
    const drain = sleep(shutdown.delayMs, undefined, { signal: timer.signal });
    try {
      await Promise.race([drain.then(() => this.close()), late()]);
    } finally {
      timer.abort();
    }
  }

  /** Finishes what is running, without a delay. The management port answers until the end. */
  async close(): Promise<void> {
    const { app, lifecycle, management } = this.parts;
    lifecycle.drain();
    await app.close();
    await management.close();
  }
}
