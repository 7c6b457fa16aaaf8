import { describe, expect, it } from '@jest/globals';
import { parseIdempotencyKey } from './message.headers.js';

describe(parseIdempotencyKey.name, () => {
  it.each([
    ['"8e03978e-40d5"', '8e03978e-40d5'],
    ['8e03978e-40d5', '8e03978e-40d5'],
    ['"with space, \\"quotes\\" and \\\\"', 'with space, "quotes" and \\'],
    [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
  ])('reads %s', (text, key) => {
    expect(parseIdempotencyKey(text)).toBe(key);
  });

  it.each([
    '',
    '""',
    '"open',
    'two, keys',
    '"é"',
    'é',
    `"${'k'.repeat(256)}"`,
    '"a" "b"',
    '"a\\b"',
  ])('refuses %s', (text) => {
    expect(parseIdempotencyKey(text)).toBeUndefined();
  });
});
