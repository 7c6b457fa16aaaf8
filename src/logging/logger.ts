import { type DestinationStream, type Level, pino, type Logger, type LoggerOptions } from 'pino';
import { requestContext, servedRequests } from '../request-context/index.js';
import { serializeError } from './error-serializer.js';
import { redactJson } from './redact.js';

export interface Loggers {
  /** For whatever is logged anywhere. */
  readonly logger: Logger;
  /**
   * For the line of each request, which has to be cheap: all of its fields are known, so it names
   * its request itself and nothing is looked for in it.
   */
  readonly requests: Logger;
}

export function createLoggers(level: Level | 'silent', stream: DestinationStream): Loggers {
  const common: LoggerOptions = {
    level,
    // The process is told by whoever collects its lines.
    base: null,
    timestamp: timestamps(),
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError },
  };
  const logger = pino({ ...common, mixin: requestIds, hooks: { streamWrite: redactJson } }, stream);
  return { logger, requests: pino(common, stream) };
}

/** Of what a batch logs, the requests that it carries. */
function requestIds(): object {
  const request = requestContext();
  if (request) return { requestId: request.id, traceId: request.traceId };
  const carried = servedRequests();
  return carried.length > 0 ? { requestIds: carried.map(({ id }) => id) } : {};
}

/** ISO 8601; lines of the same millisecond share the text. */
function timestamps(): () => string {
  let at = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}
