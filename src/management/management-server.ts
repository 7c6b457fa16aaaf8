import type { DynamicModule, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ManagementConfig } from '../config/index.js';
import { enterRequestContext, ProblemFilter, requestId, trackRoutes } from '../http/index.js';
import { ManagementModule } from './management.module.js';

/** Those who ask are near and quick. */
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * What Kubernetes and Prometheus ask of the process: a second application, on a port of its own that
 * nobody else has to reach. It answers from before the service has connected to anything until the
 * process ends.
 */
export class ManagementServer {
  /**
   * @param features what modules of the service want to be asked: controllers, with what they need
   *   taken from the service's application by `shared`
   */
  static async start(
    config: ManagementConfig,
    features: readonly DynamicModule[],
    logger: LoggerService,
  ): Promise<ManagementServer> {
    const adapter = new FastifyAdapter({
      genReqId: requestId,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // It is closed last, when nobody has anything left to ask.
      forceCloseConnections: true,
    });
    const fastify = adapter.getInstance();
    enterRequestContext(fastify);
    const refuseOtherMethods = trackRoutes(fastify);
    const app = await NestFactory.create<NestFastifyApplication>(
      ManagementModule.with(features),
      adapter,
      { bodyParser: false, abortOnError: false, logger },
    );
    app.useGlobalFilters(new ProblemFilter());
    try {
      await app.init();
      refuseOtherMethods();
      await listen(app, config);
      return new ManagementServer(app, await app.getUrl());
    } catch (error) {
      await app.close();
      throw error;
    }
  }

  private constructor(
    private readonly app: NestFastifyApplication,
    readonly url: string,
  ) {}

  close(): Promise<void> {
    return this.app.close();
  }
}

async function listen(app: NestFastifyApplication, config: ManagementConfig): Promise<void> {
  const { host, port, otherPortIfTaken } = config;
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' || !otherPortIfTaken) throw error;
    await app.listen(0, host);
  }
}
