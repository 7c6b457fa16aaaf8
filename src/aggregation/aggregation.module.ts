import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/index.js';
import { AggregationController } from './aggregation.controller.js';
import { AggregationService } from './aggregation.service.js';

/** Counts of messages, for operations staff alone. */
@Module({
  imports: [DatabaseModule],
  controllers: [AggregationController],
  providers: [AggregationService],
})
export class AggregationModule {}
