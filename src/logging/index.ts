export { exitOnCrash } from './crash.js';
export { LoggingModule } from './logging.module.js';
export { flushLogs, openLogs } from './process-logs.js';
export { redactText } from './redact.js';
