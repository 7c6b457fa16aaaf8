import { z } from 'zod';

export const integer = (from: number, to: number, fallback: number) =>
  z
    .string()
    .regex(/^\d+$/, { error: 'must be a whole number' })
    .transform(Number)
    .refine((value) => value >= from && value <= to, { error: `must be from ${from} to ${to}` })
    .default(fallback);

export const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default(`${fallback}`)
    .transform((value) => value === 'true')
    .meta({ example: `${fallback}` });

const DURATION = /^(\d+)(ms|s|min)?$/;
const MILLISECONDS = { ms: 1, s: 1_000, min: 60_000 };

/** A duration as `500ms`, `10s` or `1min`; a bare number is seconds. Read as milliseconds. */
export const duration = (fromMs: number, toMs: number, fallback: string) =>
  z
    .string()
    .regex(DURATION, { error: 'must be a duration as 500ms, 10s or 1min' })
    .default(fallback)
    .transform((text) => {
      const [, amount, unit = 's'] = DURATION.exec(text) ?? [];
      return Number(amount) * MILLISECONDS[unit as keyof typeof MILLISECONDS];
    })
    .refine((ms) => ms >= fromMs && ms <= toMs, {
      error: `must be from ${fromMs} ms to ${toMs / 1000} s`,
    })
    .meta({ example: fallback });

const RATE = /^(\d+)\/(\d*)(s|min|h)$/;
const RATE_MAX = 1_000_000;
const RATE_WINDOW_MAX_MS = 86_400_000;

/** So many in so long. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

/** A rate as `60/min`, `5/10s` or `1000/h`; `0` is no limit, read as undefined. */
export const rate = (fallback: string) =>
  z
    .string()
    .regex(/^0$|^\d+\/\d*(s|min|h)$/, { error: 'must be a rate as 60/min or 5/10s, or 0' })
    .default(fallback)
    .transform((text): Rate | undefined => {
      const [, count, length, unit = 's'] = RATE.exec(text) ?? [];
      if (count === undefined) return undefined;
      const unitMs = { s: 1_000, min: 60_000, h: 3_600_000 }[unit as 's' | 'min' | 'h'];
      return { count: Number(count), windowMs: Number(length || 1) * unitMs };
    })
    .refine((value) => value === undefined || isBounded(value), {
      error: `must be from 1 to ${RATE_MAX} in at most 24h`,
    })
    .meta({ example: fallback });

function isBounded({ count, windowMs }: Rate): boolean {
  return count >= 1 && count <= RATE_MAX && windowMs >= 1_000 && windowMs <= RATE_WINDOW_MAX_MS;
}
