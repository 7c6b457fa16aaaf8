import type { Provider } from '@nestjs/common';
import { gaugeProvider } from '../metrics/index.js';
import { HealthService } from './health.service.js';

export const healthMetrics: Provider[] = [
  gaugeProvider({
    name: 'messages_ready',
    help: 'Whether the process should get requests, as /health/ready says.',
    inject: [HealthService],
    collect({ ready }: HealthService) {
      this.set(Number(ready));
    },
  }),
];
