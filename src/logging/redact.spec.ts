import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { redactJson, redactText } from './redact.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2VzYW1l';

/** Texts with the secret `sesame`. */
const TEXTS = [
  'connect postgres://app:sesame@db:5432/messages failed',
  'postgres://app:s@sesame@db/messages',
  'two: postgresql://a:sesame@h1/m,postgres://b:sesame@h2/m',
  'redis://:sesame@cache:6379 and rediss://default:sesame@cache:6380',
  'postgres://db/messages?user=app&password=sesame&sslmode=require',
  "host=db user=app password='sesame' dbname=messages",
  'DB_PASSWORD=sesame',
  'Authorization: Bearer sesame-sesame',
  'authorization: Basic sesame',
  'the header was Bearer sesame.sesame',
  'Cookie: session=sesame; other=sesame',
  'set-cookie: id=sesame; HttpOnly',
  'GET /messages?access_token=sesame&tag=a',
  'password: sesame',
  `token ${JWT.replace('c2VzYW1l', 'sesame')} is expired`,
];

describe(redactText.name, () => {
  it.each(TEXTS)('takes the secret out of: %s', (text) => {
    expect(redactText(text)).not.toContain('sesame');
    expect(redactText(text)).toContain('[redacted]');
  });

  it.each([
    'connect ECONNREFUSED 127.0.0.1:5432',
    'http://localhost:3000/messages?tag=a@b',
    'password authentication failed for user "app"',
    'bearer of good news',
    'select * from messages where tag = $1',
    'Unexpected token } in JSON at position 3',
    'https://issuer.example/jwks.json answers 500',
  ])('leaves alone: %s', (text) => {
    expect(redactText(text)).toBe(text);
    expect(JSON.parse(redactJson(JSON.stringify({ text })))).toEqual({ text });
  });

  it('says what was there besides', () => {
    expect(redactText('connect postgres://app:sesame@db:5432/messages failed')).toBe(
      'connect postgres://app:[redacted]@db:5432/messages failed',
    );
  });

  it('takes no longer for a text that nearly is a secret, over and over', () => {
    for (const text of ['a'.repeat(1e5), 'eyJ'.repeat(3e4), 'x-'.repeat(5e4), 'p://'.repeat(3e4)]) {
      expect(redactText(text)).toBe(text);
      expect(redactJson(text)).toBe(text);
    }
  });
});

describe(redactJson.name, () => {
  it.each(TEXTS)('takes the secret out of a member: %s', (text) => {
    const line = redactJson(JSON.stringify({ msg: text, deep: [{ text: `"${text}"` }], last: 1 }));
    expect(line).not.toContain('sesame');
    expect(JSON.parse(line)).toMatchObject({ last: 1 });
  });

  it.each([
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'set-cookie',
    'password',
    'accessToken',
    'client_secret',
    'x-api-key',
  ])('takes out what is called %s, at any depth', (name) => {
    const line = redactJson(
      JSON.stringify({ [name]: 'sesame', req: { headers: { [name]: ['sesame', 'a "sesame'] } } }),
    );
    expect(JSON.parse(line)).toEqual({
      [name]: '[redacted]',
      req: { headers: { [name]: '[redacted]' } },
    });
  });

  it('leaves JSON what it is, whatever stands in it', () => {
    const fragment = fc.constantFrom(
      ...TEXTS,
      'password',
      'token=',
      'cookie: ',
      'a://b:',
      '@',
      '"',
      '\\',
      '\n',
      '/',
      ' ',
      ':',
      'eyJ',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(
        fc.dictionary(text, fc.jsonValue({ stringUnit: 'binary' })),
        text,
        (more, msg) => {
          const line = redactJson(JSON.stringify({ ...more, msg, last: 1 }));
          expect(JSON.parse(line)).toMatchObject({ last: 1 });
          expect(line).not.toContain('\n');
        },
      ),
    );
  });
});
