import { z } from 'zod';
import { MESSAGE_MAX_CODE_POINTS, type Message } from './message.js';
import { normaliseTag, TAG_MAX_BYTES, tagBytes } from './tag.js';
import { codePoints, unstorable } from './text.js';

export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 500;

const text = z.string({
  error: ({ input }) =>
    input === undefined ? 'is required' : `must be a string, not ${kindOf(input)}`,
});

const messageText = text
  .check((context) => {
    const length = codePoints(context.value);
    const fault =
      length === 0
        ? 'must not be empty'
        : length > MESSAGE_MAX_CODE_POINTS
          ? `is too long: ${length} code points, at most ${MESSAGE_MAX_CODE_POINTS}`
          : unstorable(context.value);
    if (fault) context.issues.push({ code: 'custom', message: fault, input: context.value });
  })
  .meta({
    description: `1 to ${MESSAGE_MAX_CODE_POINTS} Unicode code points, no control characters.`,
    minLength: 1,
    maxLength: MESSAGE_MAX_CODE_POINTS,
    example: 'Hello, world',
  });

export const tag = text
  .overwrite((value) => (value.isWellFormed() ? normaliseTag(value) : value))
  .check((context) => {
    const bytes = tagBytes(context.value);
    const fault =
      bytes === 0
        ? 'must not be empty'
        : bytes > TAG_MAX_BYTES
          ? `is too long: ${bytes} bytes of UTF-8, at most ${TAG_MAX_BYTES}`
          : unstorable(context.value);
    if (fault) context.issues.push({ code: 'custom', message: fault, input: context.value });
  })
  .meta({
    description:
      `1 to ${TAG_MAX_BYTES} bytes of UTF-8 after normalising (NFC, lower case), no control ` +
      'characters. Stored and answered normalised.',
    minLength: 1,
    maxLength: TAG_MAX_BYTES,
    example: 'greetings',
  });

export const limit = z
  .string({ error: ({ input }) => `must be an integer, not ${kindOf(input)}` })
  .regex(/^\d+$/, { error: 'must be an integer of at least 1' })
  .transform((digits) => Math.min(Number(digits), PAGE_LIMIT_MAX))
  .refine((value) => value >= 1, { error: 'must be at least 1' })
  .default(PAGE_LIMIT_DEFAULT)
  .meta({
    override: {
      type: 'integer',
      minimum: 1,
      default: PAGE_LIMIT_DEFAULT,
      description: `At most this many; more than ${PAGE_LIMIT_MAX} means ${PAGE_LIMIT_MAX}.`,
    },
  });

const cursor = text.optional().meta({
  description: 'Only messages older than this id. Comes with `Link`; do not make one.',
});

export const newMessageSchema = z
  .object({ message: messageText, tag }, { error: 'must be a JSON object with message and tag' })
  .meta({ id: 'NewMessage' });
export type NewMessageDto = z.output<typeof newMessageSchema>;

export const pageQuerySchema = z
  .object({ tag, limit, cursor })
  .catchall(z.unknown())
  .check((context) => {
    if ('offset' in context.value) {
      context.issues.push({
        code: 'custom',
        path: ['offset'],
        message: 'is not supported: follow the Link header with rel="next" to the next page',
        input: context.value,
      });
    }
  });
export type PageQueryDto = z.output<typeof pageQuerySchema>;

export const messageSchema = z
  .object({
    id: z.uuid({ version: 'v7' }).meta({ description: 'UUIDv7: ordered by time.' }),
    message: z.string(),
    tag: z.string(),
    created_at: z.iso.datetime().meta({ description: 'UTC, milliseconds.' }),
  })
  .meta({ id: 'Message' });
export type MessageDto = z.output<typeof messageSchema>;

export function toMessageDto({ id, message, tag, createdAt }: Message): MessageDto {
  return { id, message, tag, created_at: createdAt.toISOString() };
}

function kindOf(input: unknown): string {
  if (input === null) return 'null';
  return Array.isArray(input) ? 'an array' : `a ${typeof input}`.replace('a object', 'an object');
}
