import 'reflect-metadata';
import type { DynamicModule, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Logger } from 'nestjs-pino';
import { tagCountsSchema, messageCountsSchema } from './aggregation/aggregation.dto.js';
import { AppModule } from './app.module.js';
import { answerPageHits, Pages } from './cache/index.js';
import type { Config } from './config/index.js';
import {
  acceptJsonOnly,
  clientAddresses,
  CommonHeaders,
  ConnectionDrain,
  enterRequestContext,
  ExchangeServers,
  answerClientError,
  answerFrameworkError,
  answerInTime,
  logRequests,
  BODY_MAX_BYTES,
  limitUrlLength,
  openApiDocument,
  ProblemFilter,
  requestId,
  serveOpenApi,
  trackRoutes,
  trustProxy,
  validationPipe,
  watchUnreadable,
} from './http/index.js';
import { HealthEndpointsModule, Lifecycle } from './health/index.js';
import { ManagementServer } from './management/index.js';
import { openLogs } from './logging/index.js';
import { messageSchema } from './messages/message.dto.js';
import { MetricsModule, ServiceMetrics } from './metrics/index.js';
import { connectionLimits, protectFromOverload } from './overload/index.js';
import { RunningServer } from './running-server.js';

/** How the application is made from its modules; measurements and tests put other parts in. */
export type CreateApp = (
  module: DynamicModule,
  adapter: FastifyAdapter,
  options: NestApplicationOptions,
) => Promise<NestFastifyApplication>;

const createApp: CreateApp = (module, adapter, options) =>
  NestFactory.create<NestFastifyApplication>(module, adapter, options);

interface WiredApp {
  readonly app: NestFastifyApplication;
  readonly document: OpenAPIObject;
  readonly connections: ConnectionDrain;
  readonly metrics: ServiceMetrics;
  /** Connects, and registers what has to come after every route. */
  readonly init: () => Promise<void>;
}

/** The application with everything in its place, before anything is connected. */
export async function wireApp(config: Config, create = createApp): Promise<WiredApp> {
  const { logger, requests } = await openLogs(config.log);
  const metrics = new ServiceMetrics(config.build);
  const servers = new ExchangeServers(clientAddresses(config.http.trustedProxies));
  const connections = new ConnectionDrain(servers);
  const headers = new CommonHeaders(config.http.hstsMaxAgeSeconds, connections);
  servers.observe(metrics.requests);
  logRequests(servers, requests);
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_MAX_BYTES,
    genReqId: requestId,
    ...connectionLimits(config.http),
    serverFactory: servers.create,
    clientErrorHandler: answerClientError,
    frameworkErrors: answerFrameworkError,
    trustProxy: trustProxy(config.http.trustedProxies),
    forceCloseConnections: 'idle',
    // A request that has come is answered, also while the service stops.
    return503OnClosing: false,
  });
  const fastify = adapter.getInstance();
  watchUnreadable(fastify, servers, (reason) => metrics.requests.unreadable(reason));
  connections.closeWith(fastify);
  enterRequestContext(fastify);
  headers.addTo(fastify);
  const refuseOtherMethods = trackRoutes(fastify);
  answerInTime(fastify, config.http.handlerTimeoutMs);
  limitUrlLength(fastify);
  const app = await create(AppModule.forRoot(config, metrics, logger), adapter, {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(app.get(Logger));
  await protectFromOverload(app, config, (reason) => metrics.shed.shed(reason));
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter({ overloaded: () => metrics.shed.shed('queue_full') }));
  acceptJsonOnly(fastify);
  answerPageHits(servers, {
    route: '/messages',
    pages: app.get(Pages),
    headers,
    isUnderPressure: () => fastify.isUnderPressure(),
  });
  const document = openApiDocument(app, [messageSchema, messageCountsSchema, tagCountsSchema]);
  if (config.http.docs) serveOpenApi(app, document);
  const init = async () => {
    await app.init();
    refuseOtherMethods();
  };
  return { app, document, connections, metrics, init };
}

/** @throws whatever keeps the service from serving: the database's state, a port that is taken */
export async function startServer(config: Config, create = createApp): Promise<RunningServer> {
  const { app, connections, metrics, init } = await wireApp(config, create);
  const lifecycle = app.get(Lifecycle);
  let management: ManagementServer | undefined;
  try {
    const features = [HealthEndpointsModule.of(app), MetricsModule.endpoints(metrics)];
    management = await ManagementServer.start(config.management, features, app.get(Logger));
    await init();
    await app.listen(config.http.port, config.http.host);
    lifecycle.serve();
    const { shutdown } = config;
    const parts = { app, management, lifecycle, connections, shutdown };
    return new RunningServer(await app.getUrl(), parts);
  } catch (error) {
    await app.close();
    await management?.close();
    throw error;
  }
}
