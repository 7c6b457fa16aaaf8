import { ensureDebianPackage } from '../../build/scripts/debian-package.js';

/**
 * Sees to it that `redis-server` is on the PATH, and `openssl`, which makes certificates for it.
 *
 * @throws Error that says what to install
 */
export function ensureRedisServer() {
  ensureDebianPackage({
    programs: ['redis-server'],
    packageName: 'redis-server',
    otherwise:
      'The tests need redis-server 7 or newer on the PATH. Install it, for example with ' +
      '"sudo apt-get install redis-server" or "brew install redis".',
  });
  ensureDebianPackage({
    programs: ['openssl'],
    packageName: 'openssl',
    otherwise: 'The tests need openssl 3 on the PATH.',
  });
}
