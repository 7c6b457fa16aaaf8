import calculateSlot from 'cluster-key-slot';
import type { FloorSource } from './freshness-floors.js';

/** Of every key in Redis; the number is the version of what is stored under them. */
const PREFIX = 'messages:2';

/** Field that says since when a hash has every floor: a baseline, or the mark of one to come. */
export const SINCE = 'since';

/** Where the floors of a partition stand: hashes of floors by tag. */
export interface FloorKeys {
  /** Raised since the baseline in it. */
  readonly current: string;
  /** Those of the hash before, which hold on until the current one is old enough by itself. */
  readonly previous: string;
}

/**
 * The part of a key that says which Redis server has it, for all that is read together with the
 * floor of this tag.
 *
 * @param partitions over how many hash tags the tags of a source are spread
 */
export function hashTag({ id }: FloorSource, tag: string, partitions: number): string {
  // What a cluster makes slots of spreads tags as well as anything.
  return `{${id}:${partitions === 1 ? 0 : calculateSlot(tag) % partitions}}`;
}

export function floorKeys(ofHashTag: string): FloorKeys {
  return {
    current: `${PREFIX}:floors:${ofHashTag}`,
    previous: `${PREFIX}:floors-before:${ofHashTag}`,
  };
}

/** No tag has the name of another field. */
export function floorField(tag: string): string {
  return `#${tag}`;
}

/** What encodeURIComponent leaves alone and Redis might take for a pattern. */
const NOT_ESCAPED = /[!'()*]/g;

/** A tag as a part of a key; no two tags are the same. */
export function escapeTag(tag: string): string {
  return encodeURIComponent(tag.toWellFormed()).replaceAll(
    NOT_ESCAPED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
