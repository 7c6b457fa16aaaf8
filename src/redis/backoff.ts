const FIRST_MS = 50;
const LONGEST_MS = 1_000;

/**
 * How long to wait before try number `attempt` (from 0), in milliseconds: doubles up to a second.
 * By chance up to half less, so that processes that lost a server together do not return together.
 */
export function backoffMs(attempt: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return longest * (1 - Math.random() / 2);
}
