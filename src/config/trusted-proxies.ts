import { isIP } from 'node:net';

/**
 * Whose `X-Forwarded-For` is believed: so many proxies before the service, or those with these
 * addresses. Nobody's if there are none.
 */
export type TrustedProxies = number | readonly string[];

const HOPS_MAX = 16;
/** Ranges that have a name: 127.0.0.1/8 and ::1; 169.254.0.0/16 and fe80::/10; RFC 1918 and fc00::/7. */
const NAMES = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** @returns what is wrong with the text, if it names no proxies */
export function parseTrustedProxies(text: string): TrustedProxies | string {
  if (/^\d+$/.test(text)) {
    const hops = Number(text);
    return hops >= 1 && hops <= HOPS_MAX ? hops : `must be from 1 to ${HOPS_MAX} proxies`;
  }
  const entries = text.split(',').map((entry) => entry.trim());
  const faults = entries.map(faultOf).filter((fault) => fault !== undefined);
  return faults[0] ?? entries;
}

function faultOf(entry: string): string | undefined {
  if (NAMES.has(entry)) return undefined;
  const [address = '', prefix, ...more] = entry.split('/');
  const version = isIP(address);
  const bits = version === 6 ? 128 : 32;
  const isRange = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  if (version === 0 || !isRange || more.length > 0) {
    return (
      'must be how many proxies there are, or their addresses, separated by commas: ' +
      'as 10.0.0.0/8, fd00::1, loopback, linklocal or uniquelocal'
    );
  }
  return prefix !== undefined && Number(prefix) === 0
    ? 'must not trust every address: anyone could claim to be anyone'
    : undefined;
}
