import type { FloorSource } from './freshness-floors.js';

/** Of every key in Redis; the number is the version of what is stored under them. */
const PREFIX = 'messages:1';

/** What encodeURIComponent leaves alone and Redis or its cluster might take for a pattern. */
const NOT_ESCAPED = /[!'()*]/g;

/**
 * Where the floor of a tag stands. The braces make the source and the tag what Redis Cluster hashes,
 * so nothing of a tag may look like one; no two tags have the same key.
 */
export function floorKey({ id }: FloorSource, tag: string): string {
  return `${PREFIX}:floor:{${id}:${escapeTag(tag)}}`;
}

/** Where it stands since which position Redis has the floors of a source. */
export function baselineKey({ id }: FloorSource): string {
  return `${PREFIX}:floors-since:{${id}}`;
}

function escapeTag(tag: string): string {
  return encodeURIComponent(tag.toWellFormed()).replaceAll(
    NOT_ESCAPED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
