import { Inject, Injectable, Optional } from '@nestjs/common';
import { RedisState } from '../redis/index.js';
import { Lifecycle } from './lifecycle.js';
import type { Part } from './part.js';
import { StorageHealth } from './storage-health.js';

/** What one indicator says: `degraded` is impaired, and no reason to be taken out of service. */
export interface Indication {
  readonly name: string;
  readonly status: 'up' | 'degraded' | 'down';
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * Whether the process should get requests. It is told what others have found out already, so the
 * answer costs nothing and comes at once, however the servers are.
 *
 * A lost Redis, a lost replica, even a lost primary does not make it unready: every process has lost
 * it, and to take all of them out of service would turn some answers that fail into none at all.
 */
@Injectable()
export class HealthService {
  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly storage: StorageHealth,
    @Optional() @Inject(RedisState) private readonly redis?: RedisState,
  ) {}

  get ready(): boolean {
    return this.readiness().every(({ status }) => status !== 'down');
  }

  /** Whether the start has come to its end. */
  startup(): Indication[] {
    const { phase, since } = this.lifecycle;
    const status = phase === 'starting' ? 'down' : 'up';
    const waitingFor = this.storage.opening();
    return [{ name: 'service', status, detail: { state: phase, since, waitingFor } }];
  }

  /** Whether requests should come here: not while starting or draining, nor if all would fail. */
  readiness(): Indication[] {
    const { phase, since } = this.lifecycle;
    const [started] = this.startup();
    if (phase === 'starting' && started) return [started];
    const status = phase === 'serving' ? 'up' : 'down';
    return [
      { name: 'service', status, detail: { state: phase, since } },
      ...this.storageIndications(),
      ...(this.redis ? [indicationOf({ name: 'redis', ...this.redis.current })] : []),
    ];
  }

  private storageIndications(): Indication[] {
    const sections = this.storage.sections();
    const names = (readable: boolean) =>
      sections.filter((section) => section.readable === readable).map(({ name }) => name);
    const [readable, unreadable] = [names(true), names(false)];
    const status = readable.length === 0 ? 'down' : unreadable.length > 0 ? 'degraded' : 'up';
    return [
      { name: 'storage', status, detail: { readable, unreadable } },
      ...sections.flatMap(({ parts }) => parts.map(indicationOf)),
    ];
  }
}

function indicationOf({ name, state, since, reason }: Part): Indication {
  return { name, status: state === 'up' ? 'up' : 'degraded', detail: { state, since, reason } };
}
