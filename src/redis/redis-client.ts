import { isIP } from 'node:net';
import { createClient } from 'redis';
import type { RedisAddress, RedisConfig } from '../config/index.js';

export type RedisClient = ReturnType<typeof createClient>;

/** What the connections to all servers have in common. */
export type RedisLogin = Pick<RedisConfig, 'username' | 'password' | 'database' | 'tls'>;

interface ClientOptions {
  readonly address: RedisAddress;
  readonly login: RedisLogin;
  readonly connectTimeoutMs: number;
  /**
   * How long to wait, in milliseconds, after so many attempts; an error ends the attempts. False
   * makes one attempt, which fails with its own reason.
   */
  readonly reconnectStrategy: false | ((retries: number) => number | Error);
  /** Asked for each socket before it connects: its signal destroys that socket. */
  readonly nextSocketSignal: () => AbortSignal;
}

const KEEP_ALIVE_MS = 5_000;

/**
 * A client of node-redis without an offline queue. Its own `pingInterval` would not do: it waits
 * for the answer for ever, as its handshake does. Only the signals end a socket that is silent.
 */
export function createRedisClient(options: ClientOptions): RedisClient {
  const { username, password, database } = options.login;
  const socket = {
    ...options.address,
    ...tlsOptions(options),
    connectTimeout: options.connectTimeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    reconnectStrategy: options.reconnectStrategy,
    // node-redis hands this object to `net.connect` or `tls.connect`, which read the signal once.
    get signal() {
      return options.nextSocketSignal();
    },
  };
  return createClient({
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    disableOfflineQueue: true,
    socket,
  });
}

function tlsOptions({ address: { host }, login: { tls } }: ClientOptions) {
  if (!tls) return {};
  return {
    tls: true as const,
    // The name of a server is said and checked; of an IP address, which may not be said, checked.
    ...(isIP(host) === 0 && { servername: host }),
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...tls.client,
  };
}
