export { ManagementServer } from './management-server.js';
export { shared } from './shared.js';
