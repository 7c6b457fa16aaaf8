import type { Environment } from './environment.js';
import type { Rate } from './fields.js';
import type { TrustedProxies } from './trusted-proxies.js';

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  readonly docs: boolean;
  /** Whose word is taken for where a request comes from; undefined if nobody's. */
  readonly trustedProxies: TrustedProxies | undefined;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly handlerTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** 0 is no limit. */
  readonly maxRequestsPerSocket: number;
  /** 0 says nothing about it. */
  readonly hstsMaxAgeSeconds: number;
}

/** What makes a process answer 503 rather than late; 0 is no limit. */
export interface SheddingConfig {
  readonly maxEventLoopDelayMs: number;
  /** From 0 to 1. */
  readonly maxEventLoopUtilization: number;
  /** Of V8's limit, from 0 to 1. */
  readonly maxHeapShare: number;
}

export interface OverloadConfig {
  readonly shedding: SheddingConfig;
  /** For each client; undefined is no limit. */
  readonly postRateLimit: Rate | undefined;
}

export function readHttp(values: Environment): HttpConfig {
  return {
    host: values.HOST,
    port: values.PORT,
    docs: values.DOCS,
    trustedProxies: values.TRUST_PROXY,
    headersTimeoutMs: values.HTTP_HEADERS_TIMEOUT,
    requestTimeoutMs: values.HTTP_REQUEST_TIMEOUT,
    handlerTimeoutMs: values.HTTP_HANDLER_TIMEOUT,
    keepAliveTimeoutMs: values.HTTP_KEEP_ALIVE_TIMEOUT,
    maxRequestsPerSocket: values.HTTP_MAX_REQUESTS_PER_SOCKET,
    hstsMaxAgeSeconds: values.HSTS_MAX_AGE_SECONDS,
  };
}

export function readOverload(values: Environment): OverloadConfig {
  return {
    shedding: {
      maxEventLoopDelayMs: values.SHED_EVENT_LOOP_DELAY,
      maxEventLoopUtilization: values.SHED_EVENT_LOOP_UTILIZATION_PERCENT / 100,
      maxHeapShare: values.SHED_HEAP_PERCENT / 100,
    },
    postRateLimit: values.POST_RATE_LIMIT,
  };
}

export function limitFaults(values: Environment): string[] {
  return values.HTTP_HEADERS_TIMEOUT > values.HTTP_REQUEST_TIMEOUT
    ? ['HTTP_HEADERS_TIMEOUT: must not be longer than HTTP_REQUEST_TIMEOUT']
    : [];
}
