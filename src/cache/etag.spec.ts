import { describe, expect, it } from '@jest/globals';
import { etagOf, IfNoneMatch } from './etag.js';

describe(etagOf, () => {
  it('differs where the body differs, or whether there is a next page', () => {
    const etags = [etagOf('[]', undefined), etagOf('[1]', undefined), etagOf('[1]', 'id')];
    expect(new Set(etags).size).toBe(3);
    for (const etag of etags) expect(etag).toMatch(/^[\w-]{22,23}$/);
  });
});

describe(IfNoneMatch, () => {
  it.each([
    ['"a"', true],
    ['W/"a"', true],
    ['"b", W/"a"', true],
    ['"b","a"', true],
    ['*', true],
    ['"b"', false],
    ['"aa"', false],
    ['"A"', false],
  ])('of %s and the ETag "a": %s', (header, matches) => {
    expect(IfNoneMatch.of(header)?.matches('a')).toBe(matches);
  });

  it.each([undefined, '', 'a', '"'])('is none of %s', (header) => {
    expect(IfNoneMatch.of(header)).toBeUndefined();
  });
});
