export {
  type AnsweredFrom,
  inBatchContext,
  inRequestContext,
  noteAnsweredFrom,
  requestContext,
  type RequestContext,
  servedRequests,
} from './request-context.js';
export { continueTrace, formatTrace, type Trace, traceHeaders } from './trace.js';
