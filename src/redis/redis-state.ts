import type { RedisAddress } from '../config/index.js';
import type { ServerEvent } from './redis-connection.js';

/** Whether Redis can be asked, all of it, and since when; `down` until it has been reached. */
export class RedisState {
  private readonly ready = new Map<string, boolean>();
  private state: 'up' | 'down' = 'down';
  private since = new Date();

  get current(): {
    readonly state: 'up' | 'down';
    readonly since: Date;
    readonly reason: string | undefined;
  } {
    const { state, since } = this;
    const lost = this.lost;
    return { state, since, reason: lost.length > 0 ? `lost: ${lost.join(', ')}` : undefined };
  }

  note({ kind }: ServerEvent, { host, port }: RedisAddress): void {
    const server = `${host}:${port}`;
    if (kind === 'left') this.ready.delete(server);
    else this.ready.set(server, kind === 'ready');
    const state = this.ready.size > 0 && this.lost.length === 0 ? 'up' : 'down';
    if (state === this.state) return;
    this.state = state;
    this.since = new Date();
  }

  private get lost(): string[] {
    return Array.from(this.ready, ([server, ready]) => (ready ? [] : [server])).flat();
  }
}
