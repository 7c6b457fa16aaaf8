import { type DynamicModule, type INestApplicationContext, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { shared } from '../management/index.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';

/** What the management port answers of the health of a service. */
@Module({})
export class HealthEndpointsModule {
  static of(app: INestApplicationContext): DynamicModule {
    return {
      module: HealthEndpointsModule,
      imports: [TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController],
      providers: shared(app, HealthService),
    };
  }
}
