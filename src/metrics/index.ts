export { counterProvider, gaugeProvider, histogramProvider } from './metric-providers.js';
export { MetricsModule } from './metrics.module.js';
export { observeRequests } from './observe-requests.js';
export { PageReadMetrics } from './page-read.metrics.js';
export { ServiceMetrics } from './service-metrics.js';
export { ShedMetrics, type ShedReason } from './shed.metrics.js';
