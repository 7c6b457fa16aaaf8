import { describe, expect, it } from '@jest/globals';
import { clientKey } from './client-key.js';

describe(clientKey.name, () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
    ['2001:DB8:1:2::', '2001:db8:1:2::'],
    ['2001:db8:1:3::1', '2001:db8:1:3::'],
    ['fe80::1%eth0', 'fe80::'],
    ['::1', '::'],
    ['', 'unknown'],
    ['_hidden', 'unknown'],
    ['x'.repeat(10_000), 'unknown'],
  ])('takes %j for %j', (ip, key) => {
    expect(clientKey(ip)).toBe(key);
  });
});
