// @willsoto/nestjs-prometheus requires @nestjs/common, which is an ES module: see jose.cjs.
const prometheus = globalThis.nodeRequire('@willsoto/nestjs-prometheus');

exports.getToken = prometheus.getToken;
exports.makeCounterProvider = prometheus.makeCounterProvider;
exports.makeGaugeProvider = prometheus.makeGaugeProvider;
exports.makeHistogramProvider = prometheus.makeHistogramProvider;
exports.PrometheusController = prometheus.PrometheusController;
exports.PrometheusModule = prometheus.PrometheusModule;
