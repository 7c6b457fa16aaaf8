export {
  ServiceProcess,
  type ServiceProcessOptions,
  type ServicePorts,
} from '../../scripts/service-process.js';
