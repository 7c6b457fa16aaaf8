import { type DynamicModule, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Registry } from 'prom-client';
import { MetricsController } from './metrics.controller.js';
import { PageReadMetrics } from './page-read.metrics.js';
import type { ServiceMetrics } from './service-metrics.js';
import { ShedMetrics } from './shed.metrics.js';

@Module({})
export class MetricsModule {
  /** For the service: the registry that every module adds its metrics to. */
  static forRoot({ registry, pageReads, shed }: ServiceMetrics): DynamicModule {
    const providers = [
      { provide: Registry, useValue: registry },
      { provide: PageReadMetrics, useValue: pageReads },
      { provide: ShedMetrics, useValue: shed },
    ];
    return { module: MetricsModule, global: true, providers, exports: providers };
  }

  /** For the management application: `/metrics`, with what is in the registry. */
  static endpoints({ registry }: Pick<ServiceMetrics, 'registry'>): DynamicModule {
    const prometheus = PrometheusModule.register({
      controller: MetricsController,
      defaultMetrics: { enabled: false },
    });
    return {
      ...prometheus,
      providers: [...(prometheus.providers ?? []), { provide: Registry, useValue: registry }],
    };
  }
}
