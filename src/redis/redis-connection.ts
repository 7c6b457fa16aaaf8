import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisAddress } from '../config/index.js';
import { backoffMs } from './backoff.js';
import { DeadlineError, withDeadline } from './deadline.js';
import { createRedisClient, type RedisClient, type RedisLogin } from './redis-client.js';
import { RedisMovedError, RedisUnavailableError } from './redis-unavailable.error.js';
import { askIdentity } from './server-identity.js';

export interface RedisConnectionOptions extends RedisLogin {
  readonly address: RedisAddress;
  readonly timeoutMs: number;
  /** Asked before it becomes ready, each time; a rejection keeps it from that. */
  readonly confirm?: () => Promise<void>;
  /** Told when the server says that it does not serve a key. */
  readonly onMoved?: () => void;
}

/** A change of the connection's state; told once each. */
export type RedisEvent =
  { readonly kind: 'ready' } | { readonly kind: 'lost'; readonly error: unknown };

/** `left` is a server that is none of a cluster's masters any more. */
export type ServerEvent = RedisEvent | { readonly kind: 'left' };

/** From the begin of a connection to its readiness, and for a server that fell silent. */
const HANDSHAKE_MS = 2_000;
const ASK_AGAIN_MS = 100;
const CHECK_INTERVAL_MS = 1_000;

/**
 * The process's connection to a server of Redis, which comes back by itself for as long as it is open. While it
 * is not ready, commands fail at once; none waits for the server to return.
 *
 * It is ready once the server has told who it is, and as long as it answers: node-redis gives
 * neither a command nor its own handshake a deadline, so a server that hangs would hold everything
 * up. A command that misses its deadline makes the connection unready until the server answers
 * again; if it does not, the socket is given up.
 */
export class RedisConnection {
  /** For what needs node-redis itself. It answers offline errors at once, but has no deadlines. */
  readonly client: RedisClient;
  readonly address: RedisAddress;
  /** For a command, in milliseconds. */
  readonly timeoutMs: number;
  private readonly confirm: () => Promise<void>;
  private readonly onMoved: () => void;
  private identity: string | undefined;
  private lastError: unknown;
  private state: RedisEvent['kind'] | undefined;
  private closed = false;
  /** Of the newest socket: its signal ends it, and tells it from those before. */
  private socket = new AbortController();
  private identifying: AbortSignal | undefined;
  private watchdog: NodeJS.Timeout | undefined;
  private nextCheck: NodeJS.Timeout | undefined;
  private readonly whenReady: (() => void)[] = [];

  /** Begins to connect and returns at once. */
  static open(
    options: RedisConnectionOptions,
    onEvent: (event: RedisEvent) => void = () => undefined,
  ) {
    const connection = new RedisConnection(options, onEvent);
    connection.client.connect().catch(() => undefined);
    return connection;
  }

  /** One that never connects: whatever it is asked fails at once. */
  static unopened(options: RedisConnectionOptions): RedisConnection {
    return new RedisConnection(options, () => undefined);
  }

  private constructor(
    { address, timeoutMs, confirm, onMoved, ...login }: RedisConnectionOptions,
    private readonly onEvent: (event: RedisEvent) => void,
  ) {
    this.address = address;
    this.timeoutMs = timeoutMs;
    this.confirm = confirm ?? (() => Promise.resolve());
    this.onMoved = onMoved ?? (() => undefined);
    this.client = createRedisClient({
      address,
      login,
      connectTimeoutMs: HANDSHAKE_MS,
      reconnectStrategy: (retries) =>
        this.closed ? new Error('the connection was closed') : backoffMs(retries),
      nextSocketSignal: () => this.nextSocket(),
    });
    this.client.on('ready', () => void this.identify());
    this.client.on('error', (error: unknown) => this.lose(error));
  }

  /** Tells a server from any other, and from itself before a restart; undefined if not ready. */
  get serverId(): string | undefined {
    return this.identity;
  }

  /** Calls back each time the connection becomes ready. */
  onReady(listener: () => void): void {
    this.whenReady.push(listener);
  }

  /**
   * Runs what `command` asks of Redis, and nothing else, against the server of that id.
   *
   * @throws RedisMovedError if the server does not serve the keys, or not all of them yet
   * @throws RedisUnavailableError at once if the connection is not ready, else within the deadline
   */
  async run<T>(command: (client: RedisClient, serverId: string) => Promise<T>): Promise<T> {
    if (this.identity === undefined) {
      throw new RedisUnavailableError('Redis is not connected', { cause: this.lastError });
    }
    const { signal } = this.socket;
    try {
      return await withDeadline(command(this.client, this.identity), this.timeoutMs);
    } catch (error) {
      if (error instanceof DeadlineError && signal === this.socket.signal) this.suspect(error);
      if (isRedirection(error)) {
        this.onMoved();
        throw new RedisMovedError('another server of Redis has the keys', { cause: error });
      }
      throw new RedisUnavailableError('Redis could not be asked', { cause: error });
    }
  }

  /** Does not wait for the server, nor for commands that are under way: they fail. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.lose(new Error('the connection was closed'));
    clearTimeout(this.watchdog);
    this.socket.abort();
    if (this.client.isOpen) await this.client.disconnect();
  }

  private nextSocket(): AbortSignal {
    this.socket = new AbortController();
    this.watch();
    return this.socket.signal;
  }

  /** Gives the newest socket so long to become ready. */
  private watch(): void {
    clearTimeout(this.watchdog);
    if (this.closed) return;
    const { socket } = this;
    this.watchdog = setTimeout(() => {
      socket.abort(new DeadlineError(`not ready within ${HANDSHAKE_MS} ms`));
    }, HANDSHAKE_MS);
  }

  private suspect(error: unknown): void {
    if (this.identity === undefined) return;
    this.lose(error);
    this.watch();
    void this.identify();
  }

  /** Asks who answers until there is a good answer; the watchdog ends what does not come to one. */
  private async identify(): Promise<void> {
    const { signal } = this.socket;
    if (this.identifying === signal) return;
    this.identifying = signal;
    while (signal === this.socket.signal && !signal.aborted) {
      try {
        const identity = await askIdentity(this.client);
        await this.confirm();
        if (signal === this.socket.signal && !signal.aborted) this.becomeReady(identity);
        break;
      } catch (error) {
        this.lose(error);
        await sleep(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    if (this.identifying === signal) this.identifying = undefined;
  }

  private becomeReady(identity: string): void {
    clearTimeout(this.watchdog);
    this.identity = identity;
    this.lastError = undefined;
    this.tell({ kind: 'ready' });
    this.checkLater();
    for (const listener of this.whenReady) listener();
  }

  /** A server that hangs, or that was made another's replica, does not close its connections. */
  private checkLater(): void {
    clearTimeout(this.nextCheck);
    this.nextCheck = setTimeout(() => {
      this.run(askIdentity).then(
        (identity) => {
          if (identity === this.identity) this.checkLater();
          else if (this.identity !== undefined) this.becomeReady(identity);
        },
        (error: unknown) => this.suspect(error),
      );
    }, CHECK_INTERVAL_MS);
  }

  private lose(error: unknown): void {
    this.identity = undefined;
    this.lastError = error;
    clearTimeout(this.nextCheck);
    if (!this.closed) this.tell({ kind: 'lost', error });
  }

  private tell(event: RedisEvent): void {
    if (this.state === event.kind) return;
    this.state = event.kind;
    this.onEvent(event);
  }
}

/** What a node of a cluster answers while keys are, or are moved to, elsewhere. */
function isRedirection(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|ASK|TRYAGAIN) ?/.test(error.message);
}
