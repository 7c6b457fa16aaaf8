import { Injectable } from '@nestjs/common';

export type Phase = 'starting' | 'serving' | 'draining';

/** Where the process stands between its start and its end. */
@Injectable()
export class Lifecycle {
  private current: Phase = 'starting';
  private currentSince = new Date();

  get phase(): Phase {
    return this.current;
  }

  get since(): Date {
    return this.currentSince;
  }

  /** Requests are taken. */
  serve(): void {
    this.enter('serving');
  }

  /** Requests are still answered, but should go elsewhere; there is no way back. */
  drain(): void {
    if (this.current !== 'draining') this.enter('draining');
  }

  private enter(phase: Phase): void {
    this.current = phase;
    this.currentSince = new Date();
  }
}
