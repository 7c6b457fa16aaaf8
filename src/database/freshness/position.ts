/**
 * A position in the write-ahead log of a shard: what a server has replayed, or what a read needs.
 *
 * An LSN alone is not enough. After a failover, a replica that was left on the old timeline may be
 * further along than the new primary and still lack what was written there. So both parts have to
 * be reached: a server on timeline 2 at or past an LSN of timeline 1 has that LSN, unless the
 * failover lost it for everybody.
 */
export interface Position {
  /** 1 to 2^32 - 1; each failover begins a new one. */
  readonly timeline: number;
  /** 0 to 2^64 - 1. */
  readonly lsn: bigint;
}

const TIMELINE_DIGITS = 8;
const LSN_DIGITS = 16;
/** Characters of what `formatPosition` writes. */
export const POSITION_LENGTH = TIMELINE_DIGITS + LSN_DIGITS;
const FORMAT = /^[0-9a-f]{24}$/;
const LSN_TEXT = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/;

/** Whether a server at `reached` has everything up to `needed`. */
export function covers(reached: Position, needed: Position): boolean {
  return reached.timeline >= needed.timeline && reached.lsn >= needed.lsn;
}

/** The least position that covers both. */
export function join(a: Position, b: Position): Position {
  if (covers(a, b)) return a;
  if (covers(b, a)) return b;
  return {
    timeline: Math.max(a.timeline, b.timeline),
    lsn: a.lsn > b.lsn ? a.lsn : b.lsn,
  };
}

/** 24 hexadecimal digits, timeline then LSN, each of which sorts as it counts. */
export function formatPosition({ timeline, lsn }: Position): string {
  return (
    timeline.toString(16).padStart(TIMELINE_DIGITS, '0') +
    lsn.toString(16).padStart(LSN_DIGITS, '0')
  );
}

/** Reads what `formatPosition` wrote; undefined if it is anything else. */
export function parsePosition(text: string): Position | undefined {
  if (!FORMAT.test(text)) return undefined;
  return {
    timeline: parseInt(text.slice(0, TIMELINE_DIGITS), 16),
    lsn: BigInt(`0x${text.slice(TIMELINE_DIGITS)}`),
  };
}

/**
 * Reads PostgreSQL's text of a `pg_lsn`, as in `16/B374D848`.
 *
 * @throws Error if it is none
 */
export function parseLsn(text: string): bigint {
  const [, high, low] = LSN_TEXT.exec(text) ?? [];
  if (high === undefined || low === undefined) throw new Error(`"${text}" is no pg_lsn`);
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
