import { ensureDebianPackage } from '../../scripts/debian-package.js';

/**
 * Sees to it that `prometheus` and `promtool` are on the PATH. Called by the tests that need them:
 * it is a package of 100 MB.
 *
 * @throws Error that says what to install
 */
export function ensurePrometheus(): void {
  ensureDebianPackage({
    programs: ['prometheus', 'promtool'],
    packageName: 'prometheus',
    otherwise:
      'The tests need prometheus and promtool 2.42 or newer on the PATH. Install them, for example ' +
      'with "sudo apt-get install prometheus" or "brew install prometheus".',
  });
}
