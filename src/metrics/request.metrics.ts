import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Some are the thresholds of objectives: 0.05, 0.1, 0.25. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** RFC 9110, and PATCH. Any other, which a client may make up, is told as OpenTelemetry does. */
const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
]);
const OTHER_METHOD = '_OTHER';

const NO_ROUTE = 'none';
const METHOD_NOT_ALLOWED = 405;

/** Told as zero from the first request of a route on, so that the first of its errors is a rise. */
const EXPECTED_CLASSES = [2, 4, 5];

type Label = 'method' | 'route' | 'status_class';

/** Why what came was not even a request. */
export type UnreadableReason = 'malformed' | 'headers_too_large' | 'timeout';

export interface EndedRequest {
  readonly method: string;
  /** The template that the request matched; undefined if none. */
  readonly route: string | undefined;
  readonly status: number;
  readonly durationMs: number;
}

/** Requests by method, route template and class of status; no label has what a client makes up. */
export class RequestMetrics {
  private inFlight = 0;
  private readonly durations: Histogram<Label>;
  private readonly inFlightGauge: Gauge;
  private readonly unread: Counter<'reason'>;
  private readonly byRoute = new Map<string, Map<string, DurationsOfRoute>>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.durations = new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer, or to its end without one.',
      labelNames: ['method', 'route', 'status_class'],
      buckets: BUCKETS,
      registers,
    });
    this.inFlightGauge = new Gauge({
      name: 'http_server_requests_in_flight',
      help: 'Requests that are being answered.',
      registers,
      collect: () => this.inFlightGauge.set(this.inFlight),
    });
    this.unread = new Counter({
      name: 'http_server_unreadable_requests_total',
      help: 'What came in the place of a request and was refused before it had a method or a route.',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of ['malformed', 'headers_too_large', 'timeout'] as const) {
      this.unread.inc({ reason }, 0);
    }
  }

  began(): void {
    this.inFlight++;
  }

  ended({ method, route, status, durationMs }: EndedRequest): void {
    this.inFlight--;
    // A method that a path does not have matches nothing, and there are many of them for each path.
    const matched = status === METHOD_NOT_ALLOWED ? undefined : route;
    this.durationsOf(method, matched ?? NO_ROUTE).observe(status, durationMs / 1_000);
  }

  unreadable(reason: UnreadableReason): void {
    this.unread.inc({ reason });
  }

  private durationsOf(method: string, route: string): DurationsOfRoute {
    let byMethod = this.byRoute.get(route);
    if (!byMethod) this.byRoute.set(route, (byMethod = new Map()));
    const known = METHODS.has(method) ? method : OTHER_METHOD;
    let durations = byMethod.get(known);
    if (!durations) {
      durations = new DurationsOfRoute(this.durations, known, route);
      byMethod.set(known, durations);
    }
    return durations;
  }
}

/** The children of the histogram for one method and route: looked up once, not for each request. */
class DurationsOfRoute {
  private readonly byClass: (Histogram.Internal<Label> | undefined)[] = [];

  constructor(
    private readonly durations: Histogram<Label>,
    private readonly method: string,
    private readonly route: string,
  ) {
    for (const statusClass of EXPECTED_CLASSES) durations.zero(this.labels(statusClass));
  }

  observe(status: number, seconds: number): void {
    const statusClass = Math.floor(status / 100);
    this.byClass[statusClass] ??= this.durations.labels(this.labels(statusClass));
    this.byClass[statusClass].observe(seconds);
  }

  private labels(statusClass: number) {
    return { method: this.method, route: this.route, status_class: `${statusClass}xx` };
  }
}
