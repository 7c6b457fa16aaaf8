import { describe, expect, it } from '@jest/globals';
import { readOptions } from './options.js';
import { UsageError } from '../usage-error.js';

describe(readOptions.name, () => {
  it('knows the format from the name and where rejects go', () => {
    expect(readOptions(['dir/a.JSONL'])).toEqual({
      path: 'dir/a.JSONL',
      format: 'ndjson',
      header: false,
      rejectsPath: 'dir/a.JSONL.rejected.ndjson',
      batchSize: 5000,
    });
    expect(readOptions(['-', '--format', 'csv', '--header'])).toMatchObject({
      format: 'csv',
      header: true,
      rejectsPath: 'stdin.rejected.ndjson',
    });
  });

  it.each([
    [[]],
    [['a.csv', 'b.csv']],
    [['a.txt']],
    [['-']],
    [['a.csv', '--format', 'xml']],
    [['a.csv', '--batch-size', '0']],
    [['a.csv', '--rejects', './a.csv']],
    [['a.ndjson', '--header']],
  ])('refuses %j', (args) => {
    expect(() => readOptions(args)).toThrow(UsageError);
  });
});
