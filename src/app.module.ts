import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { AggregationModule } from './aggregation/aggregation.module.js';
import { AuthModule } from './auth/index.js';
import { type Config, ConfigModule } from './config/index.js';
import { HealthModule } from './health/index.js';
import { LoggingModule } from './logging/index.js';
import { MessagesModule } from './messages/messages.module.js';
import { MetricsModule, type ServiceMetrics } from './metrics/index.js';
import { RedisModule } from './redis/redis.module.js';

@Module({})
export class AppModule {
  static forRoot(config: Config, metrics: ServiceMetrics, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        LoggingModule.forRoot(logger),
        MetricsModule.forRoot(metrics),
        RedisModule.forRoot(config),
        AuthModule,
        MessagesModule,
        AggregationModule,
        HealthModule,
      ],
    };
  }
}
