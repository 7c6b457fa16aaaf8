import { z } from 'zod';
import { duration, integer, rate } from './fields.js';

/** What keeps the service answering when clients are slow, or ask for more than it can serve. */
export const limitsEnvironmentSchema = z.object({
  HTTP_HEADERS_TIMEOUT: duration(100, 600_000, '15s').describe(
    'How long a client may take for the headers of a request, also for the first byte of the first.',
  ),
  HTTP_REQUEST_TIMEOUT: duration(100, 600_000, '30s').describe(
    'How long a client may take for a whole request; not less than HTTP_HEADERS_TIMEOUT.',
  ),
  HTTP_HANDLER_TIMEOUT: duration(100, 600_000, '15s').describe(
    'How long an answer may take from the headers of its request on, before it is 503.',
  ),
  HTTP_KEEP_ALIVE_TIMEOUT: duration(100, 3_600_000, '75s').describe(
    'How long a connection may be idle. Longer than the load balancer lets it be, or requests are ' +
      'sent into connections that are just being closed.',
  ),
  HTTP_MAX_REQUESTS_PER_SOCKET: integer(0, 1_000_000, 0).describe(
    'Requests after which a connection is closed, 0 for no limit. For load balancers that spread ' +
      'connections, not requests: without a limit, new replicas get little to do.',
  ),
  HSTS_MAX_AGE_SECONDS: integer(0, 63_072_000, 31_536_000).describe(
    'How long browsers are to ask by https:// only (Strict-Transport-Security); 0 does not say so.',
  ),
  SHED_EVENT_LOOP_DELAY: duration(0, 60_000, '50ms').describe(
    'Mean delay of the event loop above which requests are answered 503; 0 is no limit. A request ' +
      'takes about five turns of the loop.',
  ),
  SHED_EVENT_LOOP_UTILIZATION_PERCENT: integer(0, 100, 0).describe(
    'Share of time that the event loop is busy, above which requests are answered 503; 0 is no ' +
      'limit. A busy process still answers fast: the delay tells more.',
  ),
  SHED_HEAP_PERCENT: integer(0, 100, 90).describe(
    "Share of V8's heap limit above which requests are answered 503; 0 is no limit.",
  ),
  POST_RATE_LIMIT: rate('0').describe(
    'Messages that one client may post, as 60/min or 5/10s; 0 is no limit. A client is an IPv4 ' +
      'address or an IPv6 /64. Shared by all processes where REDIS_URL is set.',
  ),
});
