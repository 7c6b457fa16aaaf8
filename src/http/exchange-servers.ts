import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyServerFactory } from 'fastify';
import type { ClientAddress } from './client-address.js';
import { Exchange } from './exchange.js';

/** Is told what happens on the connections of a server. */
export interface ExchangeObserver {
  connected?(socket: Socket): void;
  began?(exchange: Exchange): void;
  /** In any case, also of what was given up, or answered by no handler. */
  ended?(exchange: Exchange): void;
}

/** Answers an exchange itself, or passes it on. */
export type Front = (exchange: Exchange, passOn: () => void) => void;

/** What Fastify says of the server that it wants. */
interface ServerOptions {
  readonly http?: Parameters<typeof createServer>[0];
  readonly keepAliveTimeout: number;
  readonly requestTimeout: number;
  readonly connectionTimeout: number;
  readonly maxRequestsPerSocket: number;
}

/**
 * Makes the HTTP servers that Fastify listens with, so that every request is seen, and its end is
 * told of once, whoever answers it: a handler, a hook, the router, the front, or nobody.
 */
export class ExchangeServers {
  private readonly observers: ExchangeObserver[] = [];
  private front: Front | undefined;

  constructor(private readonly addressOf: ClientAddress) {}

  observe(observer: ExchangeObserver): void {
    this.observers.push(observer);
  }

  /** Has each request seen by `front` before it comes to Fastify. */
  putInFront(front: Front): void {
    this.front = front;
  }

  /** Fastify asks for one, and for more where a name stands for several addresses. */
  readonly create: FastifyServerFactory = (handler, given) => {
    const options = given as unknown as ServerOptions;
    const server = createServer(options.http ?? {}, (request, response) => {
      const exchange = this.begin(request, response);
      const { front } = this;
      if (front) front(exchange, () => handler(request, response));
      else handler(request, response);
    });
    server.on('connection', (socket) => {
      for (const observer of this.observers) observer.connected?.(socket);
    });
    server.keepAliveTimeout = options.keepAliveTimeout;
    server.requestTimeout = options.requestTimeout;
    server.maxRequestsPerSocket = options.maxRequestsPerSocket;
    server.setTimeout(options.connectionTimeout);
    return server;
  };

  private begin(request: IncomingMessage, response: ServerResponse): Exchange {
    const exchange = new Exchange(request, response, this.addressOf(request));
    for (const observer of this.observers) observer.began?.(exchange);
    // Fastify's onResponse is not called for an answer that cannot be sent to its end.
    response.on('close', () => {
      for (const observer of this.observers) observer.ended?.(exchange);
    });
    return exchange;
  }
}
