import { hash } from 'node:crypto';

const LENGTH = 22;

/** Of what an answer shows: its body, and what of its headers belongs to it. Without quotes. */
export function etagOf(body: string | Buffer, next: string | undefined): string {
  const digest = hash('sha256', body, 'base64url').slice(0, LENGTH);
  // The last id is part of the body, so only whether there is more can differ.
  return next === undefined ? digest : `${digest}n`;
}

const ENTITY_TAGS = /(?:W\/)?"([!#-~\u0080-\u00ff]*)"/g;

/** What `If-None-Match` asks (RFC 9110, section 13.1.2): the weak comparison. */
export class IfNoneMatch {
  private constructor(private readonly etags: ReadonlySet<string> | '*') {}

  /** Undefined if there is no such header, or nothing in it that could match. */
  static of(header: string | undefined): IfNoneMatch | undefined {
    if (header === undefined) return undefined;
    if (header.trim() === '*') return new IfNoneMatch('*');
    const etags = new Set(Array.from(header.matchAll(ENTITY_TAGS), ([, etag = '']) => etag));
    return etags.size > 0 ? new IfNoneMatch(etags) : undefined;
  }

  matches(etag: string): boolean {
    return this.etags === '*' || this.etags.has(etag);
  }
}
