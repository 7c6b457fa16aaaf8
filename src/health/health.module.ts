import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/index.js';
import { healthMetrics } from './health.metrics.js';
import { HealthService } from './health.service.js';
import { Lifecycle } from './lifecycle.js';

@Module({
  imports: [DatabaseModule],
  providers: [Lifecycle, HealthService, ...healthMetrics],
  exports: [Lifecycle, HealthService],
})
export class HealthModule {}
