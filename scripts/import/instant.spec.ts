import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseInstant } from './instant.js';

describe(parseInstant.name, () => {
  it.each([
    ['2024-05-15T19:06:16.846Z', '2024-05-15T19:06:16.846Z'],
    ['2024-05-15t19:06:16z', '2024-05-15T19:06:16.000Z'],
    ['2024-05-15T19:06:16.8469999Z', '2024-05-15T19:06:16.846Z'],
    ['2024-03-01T00:30:00.5+05:30', '2024-02-29T19:00:00.500Z'],
    ['1969-12-31T23:00:00-01:00', '1970-01-01T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2017-01-01T00:59:60.5+01:00', '2017-01-01T00:00:00.500Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads %s', (text, instant) => {
    expect(parseInstant(text)).toEqual(new Date(instant));
  });

  it.each([
    '2023-02-29T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-00-01T00:00:00Z',
    '2023-04-31T00:00:00Z',
    '2023-01-01T24:00:00Z',
    '2023-01-01T00:60:00Z',
    '2023-01-01T00:00:60Z',
    '2023-01-02T23:59:60Z',
    '2023-01-01T00:00:00+24:00',
    '2023-01-01T00:00:00',
    '2023-01-01T00:00:00+0100',
    '2023-01-01 00:00:00Z',
    '2023-01-01',
    ' 2023-01-01T00:00:00Z',
    '1970-01-01T00:00:00+00:01',
    '1969-12-31T23:59:59.999Z',
    '0070-01-01T00:00:00Z',
    '9999-12-31T23:59:59-00:01',
    '11000-01-01T00:00:00Z',
    '',
  ])('refuses "%s"', (text) => {
    expect(parseInstant(text)).toEqual(expect.any(String));
  });

  it('reads back what toISOString writes', () => {
    const date = fc.date({
      min: new Date(0),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(date, (d) => expect(parseInstant(d.toISOString())).toEqual(d)));
  });
});
