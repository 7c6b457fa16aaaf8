import { RequestMetrics } from '../../src/metrics/request.metrics.js';

/** The service as it is, but that nothing of a request is measured. Run it with LOG_LEVEL=silent. */
for (const name of ['began', 'ended'] as const) {
  if (typeof RequestMetrics.prototype[name] !== 'function') throw new Error(`there is no ${name}`);
  RequestMetrics.prototype[name] = () => undefined;
}
await import('../../src/main.js');
