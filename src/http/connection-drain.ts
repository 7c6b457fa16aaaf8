import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * Brings the connections of a server to their end without cutting off a request. From `begin` on,
 * each answer tells its client that the connection closes with it. Once the server takes no new
 * connections, those that nothing is running on are closed, the others as they become such.
 *
 * Node would wait for a connection that brought no request yet, and for one whose answer was begun
 * before the drain, until they time out.
 */
export class ConnectionDrain {
  /** How many requests are being answered on each connection. */
  private readonly connections = new Map<Socket, number>();
  private draining = false;
  private closing = false;

  /** Call it before any other hook is added: the answers of those are told, too. */
  constructor(fastify: FastifyInstance) {
    fastify.server.on('connection', (socket: Socket) => {
      this.connections.set(socket, 0);
      socket.once('close', () => this.connections.delete(socket));
    });
    fastify.server.on('request', ({ socket }, response) => {
      this.count(socket, 1);
      response.once('close', () => this.count(socket, -1));
    });
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (this.draining) reply.header('connection', 'close');
      done(null, payload);
    });
    // Right after it Fastify stops to listen; no connection can come between.
    fastify.addHook('preClose', async () => {
      this.begin();
      this.closing = true;
      for (const socket of this.connections.keys()) this.endIfIdle(socket);
    });
  }

  /** Requests that are being answered. */
  get running(): number {
    return [...this.connections.values()].reduce((sum, requests) => sum + requests, 0);
  }

  begin(): void {
    this.draining = true;
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
