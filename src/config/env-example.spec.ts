import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { envExample } from './env-example.js';

describe('.env.example', () => {
  it('is what the schema says (npm run generate)', () => {
    expect(readFileSync('.env.example', 'utf8')).toBe(envExample());
  });
});
