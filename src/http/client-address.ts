import { isIP } from 'node:net';
import type { FastifyRequest, FastifyServerOptions } from 'fastify';
import type { TrustedProxies } from '../config/index.js';

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
export function clientAddress(request: FastifyRequest): string {
  const { remoteAddress = '' } = request.raw.socket;
  const claimed = request.ip ?? remoteAddress;
  return plain(claimed === remoteAddress || isIP(claimed) > 0 ? claimed : remoteAddress);
}

/** An IPv4 address as such, where the service listens on IPv6 for both. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
