import { describe, expect, it } from '@jest/globals';
import {
  continueTrace,
  inBatchContext,
  inRequestContext,
  type RequestContext,
} from '../request-context/index.js';
import { createLoggers } from './logger.js';

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2VzYW1l';

function logged(level: Parameters<typeof createLoggers>[0] = 'info') {
  const lines: string[] = [];
  const loggers = createLoggers(level, { write: (line) => lines.push(line) });
  const last = () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
  return { ...loggers, lines, last };
}

const request = (id: string): RequestContext => ({ id, ...continueTrace(undefined) });

describe(createLoggers.name, () => {
  it('names the request that is handled, and of a batch those that it carries', () => {
    const { logger, last } = logged();
    const [a, b] = [request('a'), request('b')];
    inRequestContext(a, () => logger.warn('something'));
    expect(last()).toEqual({
      level: 'warn',
      time: expect.any(String),
      requestId: 'a',
      traceId: a.traceId,
      msg: 'something',
    });
    inBatchContext(
      () => [a, b],
      () => logger.info('something'),
    );
    expect(last()).toMatchObject({ requestIds: ['a', 'b'] });
    logger.info('something');
    expect(Object.keys(last())).toEqual(['level', 'time', 'msg']);
  });

  it('asks a batch for its requests only if the line is logged', () => {
    const { logger, lines } = logged();
    let asked = false;
    inBatchContext(
      () => {
        asked = true;
        return [];
      },
      () => logger.debug('something'),
    );
    expect({ lines, asked }).toEqual({ lines: [], asked: false });
  });

  it('takes secrets out of whatever is logged, and however', () => {
    const { logger, last } = logged();
    logger.info({ req: { headers: { authorization: `Bearer ${TOKEN}`, cookie: 'a=sesame' } } });
    expect(last()).toMatchObject({
      req: { headers: { authorization: '[redacted]', cookie: '[redacted]' } },
    });
    logger.info({ url: '/messages?access_token=sesame&tag=a' }, 'redis://:sesame@cache %s', TOKEN);
    expect(last()).toMatchObject({
      url: '/messages?access_token=[redacted]&tag=a',
      msg: 'redis://:[redacted]@cache [redacted]',
    });
    logger.error(new Error('postgres://app:sesame@db/messages'));
    expect(last()).toMatchObject({
      err: { message: 'postgres://app:[redacted]@db/messages' },
      msg: 'postgres://app:[redacted]@db/messages',
    });
  });

  it('takes them out of the error on the line of a request as well', () => {
    const { requests, lines, last } = logged();
    const err = new Error('lost', { cause: new Error('postgres://app:sesame@db/messages') });
    requests.error({ requestId: 'a', err }, 'request');
    expect(last()).toMatchObject({ requestId: 'a', err: { cause: { type: 'Error' } } });
    expect(lines.join()).not.toContain('sesame');
  });
});
