import { type DynamicModule, Module } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { pino } from 'pino';
import type { Config } from '../config/index.js';
import { servedRequests } from '../request-context/index.js';

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
            mixin: requestIds,
            serializers: { err: pino.stdSerializers.errWithCause },
            redact: ['req.headers.authorization', 'req.headers.cookie'],
          },
        }),
      ],
    };
  }
}

/** Of what is logged in a batch, the requests that it carries. */
function requestIds(): object {
  const requests = servedRequests();
  const [request] = requests;
  if (!request) return {};
  if (requests.length === 1) return { requestId: request.id, traceId: request.traceId };
  return { requestIds: requests.map(({ id }) => id) };
}
