import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Message } from '../../src/messages/message.js';
import { BatchWriter } from './batch-writer.js';

const message = (n: number): Message => ({
  id: String(n),
  message: 'm',
  tag: 't',
  createdAt: new Date(n),
});

describe(BatchWriter.name, () => {
  it('stores all in batches, never more than two at a time', async () => {
    const sizes: number[] = [];
    let [running, most] = [0, 0];
    const store = {
      async insertMany(messages: readonly Message[]) {
        most = Math.max(most, ++running);
        await nextTurn();
        running--;
        sizes.push(messages.length);
        return messages.length - 1;
      },
    };
    const writer = new BatchWriter(store, 10);
    for (let n = 0; n < 95; n++) await writer.add(message(n));
    await writer.finish();
    expect(sizes).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 5]);
    expect(most).toBe(2);
    expect(writer).toMatchObject({ stored: 95, inserted: 85 });
  });

  it('stops with the error of a batch', async () => {
    let calls = 0;
    const store = {
      async insertMany() {
        calls++;
        await nextTurn();
        throw new Error('no database');
      },
    };
    const writer = new BatchWriter(store, 1);
    const addMany = async () => {
      for (let n = 0; n < 100; n++) await writer.add(message(n));
    };
    await expect(addMany()).rejects.toThrow('no database');
    await expect(writer.finish()).rejects.toThrow('no database');
    expect(calls).toBe(2);
    expect(writer.stored).toBe(0);
  });
});
