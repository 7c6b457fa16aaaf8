import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from '@fastify/proxy-addr';
import type { FastifyRequest, FastifyServerOptions } from 'fastify';
import type { TrustedProxies } from '../config/index.js';
import { exchangeOf } from './exchange.js';

/** Tells where a request comes from. */
export type ClientAddress = (request: IncomingMessage) => string;

/**
 * Fastify's `trustProxy` for the proxies of the configuration. A number goes as a function: Fastify
 * takes a bare number for nobody, since it cannot tell who is near. Here the configuration says so.
 */
export function trustProxy(
  proxies: TrustedProxies | undefined,
): NonNullable<FastifyServerOptions['trustProxy']> {
  if (proxies === undefined) return false;
  if (typeof proxies === 'number') return (_address, hop) => hop < proxies;
  return [...proxies];
}

/**
 * The address that a request comes from, as far as the proxies are trusted that it came through.
 * What a proxy passes on of a client need not be an address: then it is that of the proxy.
 */
export function clientAddresses(proxies: TrustedProxies | undefined): ClientAddress {
  const trusted = trustProxy(proxies);
  if (trusted === false) return (request) => plain(remoteAddressOf(request));
  const isTrusted =
    typeof trusted === 'function' ? trusted : proxyAddr.compile(trusted as string[]);
  return (request) => {
    const claimed = proxyAddr(request, isTrusted);
    return plain(isIP(claimed) > 0 ? claimed : remoteAddressOf(request));
  };
}

/** As the server found it that the request came to. */
export function clientAddress({ raw }: FastifyRequest): string {
  return exchangeOf(raw)?.ip ?? plain(remoteAddressOf(raw));
}

function remoteAddressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

/** An IPv4 address as such, where the service listens on IPv6 for both. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
