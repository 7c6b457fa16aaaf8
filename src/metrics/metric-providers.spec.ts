import { expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getToken } from '@willsoto/nestjs-prometheus';
import { type Counter, type Histogram, register, Registry } from 'prom-client';
import { createRegistry } from './create-registry.js';
import { counterProvider, gaugeProvider, histogramProvider } from './metric-providers.js';

const LOAD = Symbol('load');

@Module({})
class Feature {
  static with(registry: Registry, load: { value: number }) {
    return {
      module: Feature,
      providers: [
        { provide: Registry, useValue: registry },
        { provide: LOAD, useValue: load },
        counterProvider({ name: 'calls_total', help: 'Calls.' }),
        histogramProvider({ name: 'sizes', help: 'Sizes.', buckets: [1] }),
        gaugeProvider({
          name: 'load',
          help: 'Load.',
          inject: [LOAD],
          collect({ value }: { value: number }) {
            this.set(value);
          },
        }),
      ],
    };
  }
}

const start = async (load: { value: number }) => {
  const registry = createRegistry();
  const app = await NestFactory.createApplicationContext(Feature.with(registry, load), {
    logger: false,
    abortOnError: false,
  });
  return { registry, app };
};

it('applications of one process each have metrics of their own', async () => {
  const [first, second] = [await start({ value: 1 }), await start({ value: 2 })];
  first.app.get<Counter>(getToken('calls_total')).inc(5);
  first.app.get<Histogram>(getToken('sizes')).observe(1);
  await first.app.close();
  const third = await start({ value: 3 });
  const loads = await Promise.all(
    [first, second, third].map(({ registry }) => registry.getSingleMetricAsString('load')),
  );
  expect(loads.map((text) => text.split('\n').at(-1))).toEqual(['load 1', 'load 2', 'load 3']);
  expect(await second.registry.metrics()).toContain('calls_total 0\n');
  expect(await second.registry.metrics()).toContain('sizes_count 0\n');
  expect(await first.registry.metrics()).toContain('calls_total 5\n');
  expect(register.getMetricsAsArray()).toEqual([]);
  await second.app.close();
  await third.app.close();
});

it('the metrics of the process are in each registry', async () => {
  const [first, second] = [createRegistry(), createRegistry()];
  for (const registry of [first, second]) {
    const text = await registry.metrics();
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds ');
    expect(text).toContain('process_resident_memory_bytes ');
  }
});
