import { expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Registry } from 'prom-client';
import { healthMetrics } from './health.metrics.js';
import { HealthService } from './health.service.js';

const registry = new Registry();
const health = { ready: false };

@Module({
  providers: [
    { provide: Registry, useValue: registry },
    { provide: HealthService, useValue: health },
    ...healthMetrics,
  ],
})
class Health {}

const tell = async () => (await registry.getSingleMetricAsString('messages_ready')).split('\n');

it('messages_ready tells what is so at the scrape', async () => {
  const app = await NestFactory.createApplicationContext(Health, { logger: false });
  expect(await tell()).toContain('messages_ready 0');
  health.ready = true;
  expect(await tell()).toContain('messages_ready 1');
  await app.close();
});
