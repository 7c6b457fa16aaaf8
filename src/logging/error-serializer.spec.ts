import { describe, expect, it } from '@jest/globals';
import { PartUnavailableError } from '../errors/index.js';
import { serializeError } from './error-serializer.js';

describe(serializeError.name, () => {
  it('has the whole chain of causes, each with its type, message, code and stack', () => {
    const socket = Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED', port: 5432 });
    const driver = new Error('no connection', { cause: socket });
    const logged = serializeError(new PartUnavailableError('shard s1', 1, { cause: driver }));
    expect(logged).toEqual({
      type: 'PartUnavailableError',
      message: 'shard s1 cannot be reached',
      part: 'shard s1',
      retryAfterSeconds: 1,
      stack: expect.stringContaining('error-serializer.spec'),
      cause: {
        type: 'Error',
        message: 'no connection',
        stack: expect.stringContaining('error-serializer.spec'),
        cause: {
          type: 'TypeError',
          message: 'refused',
          code: 'ECONNREFUSED',
          port: 5432,
          stack: expect.stringContaining('error-serializer.spec'),
        },
      },
    });
  });

  it('has every error of an AggregateError', () => {
    const addresses = ['::1', '127.0.0.1'].map((address) =>
      Object.assign(new Error(`connect ${address}`), { address }),
    );
    expect(serializeError(new AggregateError(addresses, 'all failed'))).toMatchObject({
      type: 'AggregateError',
      message: 'all failed',
      errors: [{ address: '::1' }, { address: '127.0.0.1' }],
    });
  });

  it('has what the driver said where Prisma keeps it', () => {
    const driverAdapterError = Object.assign(new Error('DatabaseError'), {
      cause: { kind: 'postgres', originalCode: '57014', originalMessage: 'canceled' },
    });
    const error = Object.assign(new Error('Raw query failed'), {
      name: 'PrismaClientKnownRequestError',
      code: 'P2010',
      meta: { driverAdapterError },
    });
    expect(serializeError(error)).toMatchObject({
      type: 'PrismaClientKnownRequestError',
      code: 'P2010',
      cause: { cause: { kind: 'postgres', originalCode: '57014' } },
    });
  });

  it('shows nothing that is not listed, and no secret in what is', () => {
    const cause = Object.assign(new Error('connect postgres://app:sesame@db/messages'), {
      config: { password: 'sesame' },
      headers: { authorization: 'sesame' },
      input: 'sesame',
    });
    const text = JSON.stringify(serializeError(new Error('redis://:sesame@r', { cause })));
    expect(text).not.toContain('sesame');
    expect(text).toContain('postgres://app:[redacted]@db/messages');
  });

  it('ends where causes go in a circle, or never end', () => {
    const circle = new Error('circle');
    circle.cause = circle;
    expect(serializeError(circle)).toMatchObject({ cause: { message: '[more]' } });
    let chain = new Error('first');
    for (let length = 0; length < 100; length++) chain = new Error('next', { cause: chain });
    expect(JSON.stringify(serializeError(chain)).split('"cause"').length).toBeLessThan(20);
    const long = serializeError(new Error('x'.repeat(1e6)));
    expect(long.message?.length).toBeLessThan(10_000);
  });

  it.each([
    ['a text', { message: 'a text' }],
    [undefined, { message: 'undefined' }],
    [{ kind: 'SocketTimeout' }, { type: 'Object', kind: 'SocketTimeout' }],
    [Object.create(null), { type: 'Object' }],
  ])('takes whatever was thrown: %p', (thrown, logged) => {
    expect(serializeError(thrown)).toEqual(logged);
  });
});
