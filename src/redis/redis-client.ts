import { createClient } from 'redis';

export type RedisClient = ReturnType<typeof createClient>;

interface ClientOptions {
  readonly url: string;
  readonly connectTimeoutMs: number;
  /** How long to wait, in milliseconds, after so many attempts; an error ends the attempts. */
  readonly reconnectStrategy: (retries: number) => number | Error;
  /** Asked for each socket before it connects: its signal destroys that socket. */
  readonly nextSocketSignal: () => AbortSignal;
}

const KEEP_ALIVE_MS = 5_000;

/**
 * A client of node-redis without an offline queue. Its own `pingInterval` would not do: it waits
 * for the answer for ever, as its handshake does. Only the signals end a socket that is silent.
 */
export function createRedisClient(options: ClientOptions): RedisClient {
  const socket = {
    connectTimeout: options.connectTimeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    reconnectStrategy: options.reconnectStrategy,
    // node-redis hands this object to `net.connect` or `tls.connect`, which read the signal once.
    get signal() {
      return options.nextSocketSignal();
    },
  };
  return createClient({ url: options.url, disableOfflineQueue: true, socket });
}
