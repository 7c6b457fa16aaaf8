import type { BuildConfig } from '../config/index.js';
import { tellBuild } from './build.metrics.js';
import { createRegistry } from './create-registry.js';
import { PageReadMetrics } from './page-read.metrics.js';
import { RequestMetrics } from './request.metrics.js';
import { ShedMetrics } from './shed.metrics.js';

/** What is measured around the modules of an application, which add their own to the registry. */
export class ServiceMetrics {
  readonly registry = createRegistry();
  readonly requests = new RequestMetrics(this.registry);
  readonly pageReads = new PageReadMetrics(this.registry);
  readonly shed = new ShedMetrics(this.registry);

  constructor(build: BuildConfig) {
    tellBuild(this.registry, build);
  }
}
