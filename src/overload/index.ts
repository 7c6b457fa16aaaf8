export { connectionLimits } from './connection-limits.js';
export { protectFromOverload, type ShedReason } from './overload.js';
