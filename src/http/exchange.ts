import type { IncomingMessage, ServerResponse } from 'node:http';
import { continueTrace, formatTrace, type RequestContext } from '../request-context/index.js';
import type { FlatHeaders } from './flat-headers.js';
import { requestId } from './request-id.js';

const EXCHANGE = Symbol('exchange');

/** nginx's status for a client that went away: there was no answer that could have one. */
const CLIENT_CLOSED = 499;

/** A request and its answer, from the request's head to the end of the answer, if it comes to one. */
export class Exchange {
  readonly startedAt = performance.now();
  readonly context: RequestContext;
  /** The template that the request matched; undefined before it is known, or if it matches none. */
  route: string | undefined;
  /** Of the answer's body; undefined if it was not known before it was sent. */
  bytes: number | undefined;
  /** Why it fails; undefined if nobody has noted that, or it does not. */
  failure: unknown;
  /** Whether its end is still to be logged, with its failure. */
  willBeLogged = false;

  /** @param ip where the request comes from, as far as proxies are trusted */
  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly ip: string,
  ) {
    const { traceparent, tracestate } = request.headers;
    this.context = { id: requestId(request), ...continueTrace(traceparent, tracestate) };
    (request as WithExchange)[EXCHANGE] = this;
  }

  /** The request's id, and the trace to a caller that traces. */
  get idHeaders(): FlatHeaders {
    const headers = ['x-request-id', this.context.id];
    const isTraced = this.request.headers['traceparent'] !== undefined;
    if (isTraced) headers.push('traceresponse', formatTrace(this.context));
    return headers;
  }

  get method(): string {
    return this.request.method ?? '';
  }

  get status(): number {
    return this.response.headersSent ? this.response.statusCode : CLIENT_CLOSED;
  }

  /** Since its begin, in milliseconds. */
  get durationMs(): number {
    return performance.now() - this.startedAt;
  }
}

interface WithExchange {
  [EXCHANGE]?: Exchange;
}

/** Undefined of a request that came by another way than a server of `ExchangeServers`. */
export function exchangeOf(request: IncomingMessage): Exchange | undefined {
  return (request as WithExchange)[EXCHANGE];
}
