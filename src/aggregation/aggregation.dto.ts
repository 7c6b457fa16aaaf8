import { z } from 'zod';
import { limit, tag } from '../messages/message.dto.js';
import { isDay, PERIODS, periodsIn } from './calendar.js';

/** Of an answer; a day each, they are eleven years. */
export const PERIODS_MAX = 4_000;

const day = z
  .string({
    error: ({ input }) =>
      input === undefined ? 'is required, as YYYY-MM-DD' : 'must be one day as YYYY-MM-DD',
  })
  .refine(isDay, {
    error: 'must be a day of the calendar as YYYY-MM-DD, from year 0001',
    // What is no day cannot be compared with another.
    abort: true,
  });

const from = day.meta({
  override: { type: 'string', format: 'date', description: 'The first day, UTC.' },
});
const to = day.meta({
  override: { type: 'string', format: 'date', description: 'The last day, UTC, included.' },
});

interface Range {
  readonly from: string;
  readonly to: string;
}

function refuseInverted(context: z.core.ParsePayload<Range>): void {
  if (context.value.from <= context.value.to) return;
  const message = 'must not be before from';
  context.issues.push({ code: 'custom', path: ['to'], message, input: context.value });
}

export const messageCountsQuerySchema = z
  .object({
    group_by: z.enum(PERIODS, { error: `must be one of ${PERIODS.join(', ')}` }),
    from,
    to,
    tag: tag.optional(),
  })
  .check(refuseInverted)
  .check((context) => {
    const count = periodsIn(context.value.group_by, context.value);
    if (count <= PERIODS_MAX) return;
    const message = `is too far from from: ${count} groups, at most ${PERIODS_MAX}`;
    context.issues.push({ code: 'custom', path: ['to'], message, input: context.value });
  });
export type MessageCountsQueryDto = z.output<typeof messageCountsQuerySchema>;

export const tagCountsQuerySchema = z.object({ from, to, limit }).check(refuseInverted);
export type TagCountsQueryDto = z.output<typeof tagCountsQuerySchema>;

export const messageCountsSchema = z
  .object({
    group_by: z.enum(PERIODS),
    aggregates: z
      .array(
        z.object({
          year: z.int(),
          month: z.int().min(1).max(12).optional(),
          day: z.int().min(1).max(31).optional(),
          messages: z.int().min(1),
        }),
      )
      .meta({ description: 'In their order; periods without messages are left out.' }),
  })
  .meta({ id: 'MessageCounts' });
export type MessageCountsDto = z.output<typeof messageCountsSchema>;

export const tagCountsSchema = z
  .object({
    tags: z
      .array(z.object({ tag: z.string(), messages: z.int().min(1) }))
      .meta({ description: 'The busiest first.' }),
  })
  .meta({ id: 'TagCounts' });
export type TagCountsDto = z.output<typeof tagCountsSchema>;
