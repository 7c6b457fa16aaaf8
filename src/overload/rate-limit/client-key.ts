import { isIP } from 'node:net';
import { normalizeIP } from '@fastify/rate-limit';

/** What one IPv6 subscriber has at least: who has it has all of its 2^64 addresses. */
const IPV6_PREFIX_BITS = 64;

/** Who shares a limit: an IPv4 address, also one that is mapped into IPv6, or an IPv6 /64. */
export function clientKey(ip: string): string {
  const [address = ''] = ip.split('%', 1);
  // A connection that is closed has none any more.
  return isIP(address) === 0 ? 'unknown' : normalizeIP(address, IPV6_PREFIX_BITS);
}
