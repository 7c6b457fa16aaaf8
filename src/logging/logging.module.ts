import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';

/**
 * Has Nest log through pino. The middleware of nestjs-pino stands before no route: what it brings,
 * a logger for each request, the request's context has already, and it costs a request much.
 */
@Module({})
export class LoggingModule {
  static forRoot(logger: Logger): DynamicModule {
    return {
      module: LoggingModule,
      imports: [
        LoggerModule.forRoot({
          pinoHttp: { logger, autoLogging: false, wrapSerializers: false },
          forRoutes: [],
        }),
      ],
    };
  }
}
