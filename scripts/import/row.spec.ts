import { describe, expect, it } from '@jest/globals';
import { bucketOfTag } from '../../src/messages/bucket.js';
import { parseMessageId } from '../../src/messages/message-id.js';
import { messageOfRow } from './row.js';

const created_at = '2024-05-15T21:06:16.846+02:00';

describe(messageOfRow.name, () => {
  it('gives the same content the same id, however tag and time are written', () => {
    const one = messageOfRow({ message: 'Hi', tag: 'Cafe\u0301', created_at });
    const two = messageOfRow({
      message: 'Hi',
      tag: 'café',
      created_at: '2024-05-15T19:06:16.846Z',
    });
    expect(one).toEqual(two);
    if (typeof one === 'string') throw new Error(one);
    expect(one).toMatchObject({ tag: 'café', createdAt: new Date(created_at) });
    expect(parseMessageId(one.id)).toEqual({
      id: one.id,
      bucket: bucketOfTag('café'),
      createdAt: new Date(created_at),
    });
  });

  it.each([
    [
      { message: '', tag: 'x'.repeat(33), created_at: '2023-02-29T00:00:00Z' },
      'message must not be empty; tag is too long: 33 bytes of UTF-8, at most 32; ' +
        'created_at has no such day: 2023-02-29',
    ],
    [{}, 'message is required; tag is required; created_at is required'],
    [
      { message: 'a\nb', tag: 't', created_at: 5 },
      'message must not have control characters: it has U+000A; created_at must be a string',
    ],
    [null, 'must be a JSON object with message and tag'],
    [['a'], 'must be a JSON object with message and tag'],
  ])('says every fault of %j', (row, faults) => {
    expect(messageOfRow(row)).toBe(faults);
  });
});
