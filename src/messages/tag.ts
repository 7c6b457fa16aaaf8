export const TAG_MAX_BYTES = 32;

/**
 * The one form of a tag: NFC, lower case. `#Café`, `#café` and `#café` (decomposed) are one tag.
 *
 * Lower case can undo NFC and NFC can bring back an upper case letter's sibling, so the two are
 * repeated until nothing changes; two rounds are enough for every letter of Unicode.
 */
export function normaliseTag(tag: string): string {
  let before = tag;
  for (;;) {
    const after = before.normalize('NFC').toLowerCase().normalize('NFC');
    if (after === before) return after;
    before = after;
  }
}

/** Length of a tag in bytes of UTF-8. */
export function tagBytes(tag: string): number {
  return Buffer.byteLength(tag, 'utf8');
}
