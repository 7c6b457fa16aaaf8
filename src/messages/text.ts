/**
 * Why a text cannot be stored and given back unchanged, or undefined if it can.
 * PostgreSQL refuses NUL, UTF-8 has no lone surrogates, and other control characters (C0, DEL, C1)
 * have no place in a line that logs and terminals print.
 */
export function unstorable(text: string): string | undefined {
  if (!text.isWellFormed()) return 'must be well-formed Unicode: it has a lone surrogate';
  const control = /\p{Cc}/u.exec(text)?.[0];
  if (control === undefined) return undefined;
  const code = control.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return `must not have control characters: it has U+${code}`;
}

/** Length of a text in Unicode code points. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
