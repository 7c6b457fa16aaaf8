import { LRUCache } from 'lru-cache';
import type { WindowCount, Windows } from './windows.js';

interface Window {
  readonly current: number;
  /** By the clock of this process, which never goes back. */
  readonly endsAt: number;
}

/** Some 100 bytes each. Beyond them, who has not asked for longest is forgotten. */
const CLIENTS_MAX = 100_000;

/** What this process has counted, or heard. */
export class MemoryWindows implements Windows {
  private readonly windows: LRUCache<string, Window>;

  constructor(
    maxClients = CLIENTS_MAX,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.windows = new LRUCache({ max: maxClients });
  }

  count(client: string, windowMs: number): Promise<WindowCount> {
    const open = this.open(client);
    const next = {
      current: (open?.current ?? 0) + 1,
      endsAt: open?.endsAt ?? this.now() + windowMs,
    };
    this.windows.set(client, next);
    return Promise.resolve({ current: next.current, ttl: next.endsAt - this.now() });
  }

  isOver(client: string, max: number): boolean {
    return (this.open(client)?.current ?? 0) > max;
  }

  /** Takes over what was counted elsewhere, unless more is known of the client. */
  learn(client: string, { current, ttl }: WindowCount): void {
    if ((this.open(client)?.current ?? 0) >= current) return;
    this.windows.set(client, { current, endsAt: this.now() + ttl });
  }

  private open(client: string): Window | undefined {
    const window = this.windows.get(client);
    return window && window.endsAt > this.now() ? window : undefined;
  }
}
