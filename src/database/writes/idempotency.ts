import { hash } from 'node:crypto';
import type { KeyedBody } from './insert.statement.js';

/** What is kept of a key and of the body that came with it. */
export function keyedBody(key: string, tag: string, message: string): KeyedBody {
  return { key: digest(key), body: digest(`${tag}\0${message}`) };
}

/** 128 bits of SHA-256, in the shape of a uuid, which PostgreSQL stores in 16 bytes. */
function digest(text: string): string {
  const hex = hash('sha256', text, 'hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
