export { counterProvider, gaugeProvider, histogramProvider } from './metric-providers.js';
export { MetricsModule } from './metrics.module.js';
export { PageReadMetrics } from './page-read.metrics.js';
export { RequestMetrics, type UnreadableReason } from './request.metrics.js';
export { ServiceMetrics } from './service-metrics.js';
export { ShedMetrics, type ShedReason } from './shed.metrics.js';
export { TallyCounter } from './tally-counter.js';
