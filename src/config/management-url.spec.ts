import { describe, expect, it } from '@jest/globals';
import { managementUrl } from './management-url.js';

describe(managementUrl.name, () => {
  it.each([
    [{}, 'http://127.0.0.1:9090'],
    [{ MANAGEMENT_HOST: '', MANAGEMENT_PORT: '8081' }, 'http://127.0.0.1:8081'],
    [{ MANAGEMENT_HOST: '::' }, 'http://[::1]:9090'],
    [{ MANAGEMENT_HOST: '10.0.0.7' }, 'http://10.0.0.7:9090'],
  ])('knows from %j that it is %s', (env, url) => {
    expect(managementUrl(env)).toBe(url);
  });

  it('refuses a port that is none', () => {
    expect(() => managementUrl({ MANAGEMENT_PORT: 'http' })).toThrow('must be a whole number');
  });
});
