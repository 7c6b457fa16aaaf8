import type { RedisEvent } from './redis-connection.js';

/** Whether Redis can be asked, and since when; `down` until it has been reached for the first time. */
export class RedisState {
  private known: { readonly state: 'up' | 'down'; readonly since: Date } = {
    state: 'down',
    since: new Date(),
  };

  get current(): { readonly state: 'up' | 'down'; readonly since: Date } {
    return this.known;
  }

  note({ kind }: RedisEvent): void {
    const state = kind === 'ready' ? 'up' : 'down';
    if (state !== this.known.state) this.known = { state, since: new Date() };
  }
}
