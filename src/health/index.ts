export { HealthEndpointsModule } from './health-endpoints.module.js';
export { HealthModule } from './health.module.js';
export { HealthService } from './health.service.js';
export { Lifecycle } from './lifecycle.js';
