import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerClientError } from './client-errors.js';

const NONSENSE = Object.assign(new Error('Parse Error'), { code: 'HPE_INVALID_METHOD' });

let server: Server;

beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterAll(() => {
  server.close();
});

/** What a client receives until the end whose connection is in that state. */
async function received(state: object): Promise<string> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = await accepted;
  answerClientError(NONSENSE, Object.assign(socket, state));
  return text(client);
}

describe(answerClientError.name, () => {
  it('answers with a problem where nothing has been answered yet', async () => {
    for (const message of [undefined, null, { headersSent: false }]) {
      expect(await received({ _httpMessage: message })).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  it('says nothing into an answer that has begun, and ends the connection', async () => {
    expect(await received({ _httpMessage: { headersSent: true } })).toBe('');
  });
});
