import { Controller, Get, UseFilters } from '@nestjs/common';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorResult,
  HealthIndicatorService,
} from '@nestjs/terminus';
import { HealthService, type Indication } from './health.service.js';
import { UnhealthyFilter } from './unhealthy.filter.js';

/** The probes of Kubernetes: 200 or 503, with what was found. */
@Controller('health')
@UseFilters(UnhealthyFilter)
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Whether the process's event loop turns, and nothing else: a restart mends nothing else. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.checks.check([]);
  }

  @Get('startup')
  @HealthCheck()
  startup(): Promise<HealthCheckResult> {
    return this.check(this.health.startup());
  }

  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.check(this.health.readiness());
  }

  private check(indications: readonly Indication[]): Promise<HealthCheckResult> {
    return this.checks.check(indications.map((each) => () => this.resultOf(each)));
  }

  private resultOf({ name, status, detail }: Indication): HealthIndicatorResult {
    const indicator = this.indicators.check(name);
    if (status === 'up') return indicator.up(detail);
    return status === 'degraded' ? indicator.degraded(detail) : indicator.down(detail);
  }
}
