import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { pino } from 'pino';
import type { Config } from '../config/index.js';

/** JSON lines on stdout; an error is logged with its whole chain of causes. */
@Module({})
export class LoggingModule {
  static forRoot({ log }: Config): DynamicModule {
    return {
      module: LoggingModule,
      imports: [
        LoggerModule.forRoot({
          pinoHttp: {
            level: log.level,
            autoLogging: false,
            quietReqLogger: true,
            serializers: { err: pino.stdSerializers.errWithCause },
            redact: ['req.headers.authorization', 'req.headers.cookie'],
          },
        }),
      ],
    };
  }
}
