import { randomFillSync } from 'node:crypto';

const POOL = Buffer.alloc(2_048);

let digits = '';
let used = 0;

/**
 * Random hexadecimal digits, as for an id that has to be unique but need not be a secret: from a pool,
 * since each call for randomness costs more than a whole id.
 *
 * @param count up to 4096
 */
export function randomHex(count: number): string {
  if (used + count > digits.length) {
    digits = randomFillSync(POOL).toString('hex');
    used = 0;
  }
  used += count;
  return digits.slice(used - count, used);
}
