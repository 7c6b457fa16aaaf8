import { Counter, type Registry } from 'prom-client';

export type ShedReason = 'pressure' | 'rate_limit' | 'queue_full';

/** Requests that were turned away so that others are served. */
export class ShedMetrics {
  private readonly requests: Counter<'reason'>;

  constructor(registry: Registry) {
    this.requests = new Counter({
      name: 'messages_requests_shed_total',
      help: 'Requests that were turned away so that others are served.',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of ['pressure', 'rate_limit', 'queue_full'] as const) {
      this.requests.inc({ reason }, 0);
    }
  }

  shed(reason: ShedReason): void {
    this.requests.inc({ reason });
  }
}
