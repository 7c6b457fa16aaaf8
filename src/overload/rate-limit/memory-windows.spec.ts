import { describe, expect, it } from '@jest/globals';
import { MemoryWindows } from './memory-windows.js';

const WINDOW_MS = 1_000;

function windowsAt(time: { now: number }, maxClients = 10) {
  return new MemoryWindows(maxClients, () => time.now);
}

describe(MemoryWindows.name, () => {
  it('counts each client in a window that opens with its first request', async () => {
    const time = { now: 0 };
    const windows = windowsAt(time);
    expect(await windows.count('a', WINDOW_MS)).toEqual({ current: 1, ttl: 1_000 });
    time.now = 400;
    expect(await windows.count('a', WINDOW_MS)).toEqual({ current: 2, ttl: 600 });
    expect(await windows.count('b', WINDOW_MS)).toEqual({ current: 1, ttl: 1_000 });
    time.now = 1_000;
    expect(await windows.count('a', WINDOW_MS)).toEqual({ current: 1, ttl: 1_000 });
  });

  it('knows who is over a limit, until the window ends', async () => {
    const time = { now: 0 };
    const windows = windowsAt(time);
    for (let request = 0; request < 3; request++) await windows.count('a', WINDOW_MS);
    expect([windows.isOver('a', 3), windows.isOver('a', 2), windows.isOver('b', 0)]).toEqual([
      false,
      true,
      false,
    ]);
    time.now = 1_000;
    expect(windows.isOver('a', 2)).toBe(false);
  });

  it('goes on from what was counted elsewhere, and never from less than it knows', async () => {
    const windows = windowsAt({ now: 0 });
    windows.learn('a', { current: 5, ttl: 300 });
    windows.learn('a', { current: 4, ttl: 900 });
    expect(await windows.count('a', WINDOW_MS)).toEqual({ current: 6, ttl: 300 });
  });

  it('keeps no more clients than it may: who has not asked for longest is forgotten', async () => {
    const windows = windowsAt({ now: 0 }, 2);
    for (const client of ['a', 'b', 'a', 'c']) await windows.count(client, WINDOW_MS);
    expect((await windows.count('a', WINDOW_MS)).current).toBe(3);
    expect((await windows.count('b', WINDOW_MS)).current).toBe(1);
  });
});
