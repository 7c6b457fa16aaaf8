import type { FactoryProvider, Provider } from '@nestjs/common';
import {
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
} from '@willsoto/nestjs-prometheus';
import { type Metric, Registry } from 'prom-client';

/*
 * The providers of @willsoto/nestjs-prometheus, for the registry of the application that they are
 * in: by themselves they use the one of the process.
 */

export function counterProvider(options: Parameters<typeof makeCounterProvider>[0]): Provider {
  return inRegistry(makeCounterProvider({ ...options, registers: [] }));
}

/** `collect` is called at each scrape, with what `inject` names. */
export function gaugeProvider(options: Parameters<typeof makeGaugeProvider>[0]): Provider {
  return inRegistry(makeGaugeProvider({ ...options, registers: [] }));
}

export function histogramProvider(options: Parameters<typeof makeHistogramProvider>[0]): Provider {
  return inRegistry(makeHistogramProvider({ ...options, registers: [] }));
}

function inRegistry(provider: Provider): Provider {
  const { provide, inject = [], useFactory } = provider as FactoryProvider<Metric>;
  return {
    provide,
    inject: [Registry, ...inject],
    useFactory: async (registry: Registry, ...dependencies: unknown[]) => {
      const metric = await useFactory(...dependencies);
      registry.registerMetric(metric);
      return metric;
    },
  };
}
