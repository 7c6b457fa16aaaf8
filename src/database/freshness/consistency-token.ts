import type { Floor } from './freshness-floors.js';
import { formatPosition, join, parsePosition, type Position } from './position.js';

/** `CONSISTENCY_TOKEN` of src/messages: the shard within its layout, and a position of its WAL. */
export function tokenOf(source: string, position: Position): string {
  return `${source}.${formatPosition(position)}`;
}

/**
 * The floor of a read that comes with a token. A token that says nothing of this shard leaves only
 * the primary; so does one from far ahead, since no replica has replayed that.
 */
export function floorWith(token: string | undefined, source: string, floor: Floor): Floor {
  if (token === undefined || floor === 'primary') return floor;
  const [of, text = ''] = token.split('.');
  const position = of === source ? parsePosition(text) : undefined;
  return position ? join(floor, position) : 'primary';
}
