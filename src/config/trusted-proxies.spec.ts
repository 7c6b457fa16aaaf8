import { describe, expect, it } from '@jest/globals';
import { parseTrustedProxies } from './trusted-proxies.js';

describe(parseTrustedProxies.name, () => {
  it('takes a number of proxies, or their addresses', () => {
    expect(parseTrustedProxies('2')).toBe(2);
    expect(parseTrustedProxies('10.0.0.0/8, fd00::1,loopback')).toEqual([
      '10.0.0.0/8',
      'fd00::1',
      'loopback',
    ]);
  });

  it.each([
    ['0', 'from 1 to 16'],
    ['17', 'from 1 to 16'],
    ['true', 'how many proxies'],
    ['*', 'how many proxies'],
    ['proxy.example', 'how many proxies'],
    ['10.0.0.0/33', 'how many proxies'],
    ['fd00::/129', 'how many proxies'],
    ['10.0.0.0/', 'how many proxies'],
    ['10.0.0.0/8/8', 'how many proxies'],
    ['10.0.0.1,', 'how many proxies'],
    ['0.0.0.0/0', 'every address'],
    ['10.0.0.1,::/0', 'every address'],
  ])('refuses %s', (text, fault) => {
    expect(parseTrustedProxies(text)).toEqual(expect.stringContaining(fault));
  });
});
