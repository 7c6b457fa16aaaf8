import { bucketOfTag } from '../../src/messages/bucket.js';
import { newMessageSchema } from '../../src/messages/message.dto.js';
import { derivedMessageId } from '../../src/messages/message-id.js';
import type { Message } from '../../src/messages/message.js';
import { parseInstant } from './instant.js';

/** The message of a row, by the rules of POST; a text says every fault of the row. */
export function messageOfRow(row: unknown): Message | string {
  const content = newMessageSchema.safeParse(row);
  const createdAt = createdAtOf(row);
  if (content.success && createdAt instanceof Date) {
    const { message, tag } = content.data;
    const id = derivedMessageId(bucketOfTag(tag), createdAt, tag, message);
    return { id, message, tag, createdAt };
  }
  const faults =
    content.error?.issues.map(({ path, message }) => [...path, message].join(' ')) ?? [];
  if (typeof createdAt === 'string') faults.push(createdAt);
  return faults.join('; ');
}

/** Undefined if the row is no object: that is said already. */
function createdAtOf(row: unknown): Date | string | undefined {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return undefined;
  const value = 'created_at' in row ? row.created_at : undefined;
  if (value === undefined) return 'created_at is required';
  if (typeof value !== 'string') return 'created_at must be a string';
  const createdAt = parseInstant(value);
  return typeof createdAt === 'string' ? `created_at ${createdAt}` : createdAt;
}
