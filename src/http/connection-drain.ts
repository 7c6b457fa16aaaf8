import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ExchangeServers } from './exchange-servers.js';

/**
 * Brings the connections of servers to their end without cutting off a request. From `begin` on,
 * each answer tells its client that the connection closes with it. Once no new connections are
 * taken, those that nothing is running on are closed, the others as they become such.
 *
 * Node would wait for a connection that brought no request yet, and for one whose answer was begun
 * before the drain, until they time out.
 */
export class ConnectionDrain {
  /** How many requests are being answered on each connection. */
  private readonly connections = new Map<Socket, number>();
  private draining = false;
  private closing = false;

  constructor(servers: ExchangeServers) {
    servers.observe({
      connected: (socket) => {
        this.connections.set(socket, 0);
        socket.once('close', () => this.connections.delete(socket));
      },
      began: ({ request }) => this.count(request.socket, 1),
      ended: ({ request }) => this.count(request.socket, -1),
    });
  }

  /** Whether clients are told to go. */
  get begun(): boolean {
    return this.draining;
  }

  /** Requests that are being answered. */
  get running(): number {
    return [...this.connections.values()].reduce((sum, requests) => sum + requests, 0);
  }

  begin(): void {
    this.draining = true;
  }

  /** Has connections closed when the server is. */
  closeWith(fastify: FastifyInstance): void {
    // Right after it Fastify stops to listen; no connection can come between.
    fastify.addHook('preClose', async () => {
      this.begin();
      this.closing = true;
      for (const socket of this.connections.keys()) this.endIfIdle(socket);
    });
  }

  private count(socket: Socket, change: 1 | -1): void {
    const requests = this.connections.get(socket);
    // A request that was on its way when its connection broke.
    if (requests === undefined) return;
    this.connections.set(socket, requests + change);
    if (this.closing) this.endIfIdle(socket);
  }

  /** What was answered still goes out. */
  private endIfIdle(socket: Socket): void {
    if (this.connections.get(socket) === 0) socket.destroySoon();
  }
}
