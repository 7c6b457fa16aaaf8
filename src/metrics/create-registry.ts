import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * Told by prom-client beside `nodejs_active_resources`, which says it all: gauges that are named as
 * if they were counters, and what walks every socket of the process at each scrape.
 */
const LEFT_OUT = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** They watch the garbage collector and the event loop, which there is one of: begun once. */
let ofProcess: Registry | undefined;

/**
 * A registry for the metrics of one application, with those of the process in it. prom-client's
 * global one would not do: where a process runs several applications, as tests do, their metrics
 * would clash, and those of a closed one would go on being told.
 */
export function createRegistry(): Registry {
  const registry = new Registry();
  for (const metric of (ofProcess ??= processMetrics()).getMetricsAsArray()) {
    // Typed as what describes a metric; it is the metric.
    registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
  }
  return registry;
}

function processMetrics(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const name of LEFT_OUT) register.removeSingleMetric(name);
  return register;
}
