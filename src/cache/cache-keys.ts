/**
 * What the keys of copies begin with. The number is the version of what is stored under them: of
 * copies (copy.ts), and of how messages are written as JSON. A release that changes either raises
 * it, and never reads what another one has left.
 */
export const CACHE_VERSION = 'messages:copy:1';

export interface PageOfTag {
  /** 1 to 500. */
  readonly limit: number;
  /** A message id. */
  readonly cursor?: string | undefined;
}

/** @param prefix of the tag's place: the rest is of bounded length and needs no escaping */
export function pageKey(prefix: string, { limit, cursor = '' }: PageOfTag): string {
  return `${CACHE_VERSION}:${prefix}:page:${limit}:${cursor}`;
}

/** Of the copy without a body, for whoever asks only whether the page is another one by now. */
export function headKey(pageKeyText: string): string {
  return `${pageKeyText}:head`;
}

/** A page that has to be newer is filled under another lease. */
export function leaseKey(pageKeyText: string, asOf: string): string {
  return `${pageKeyText}:lease:${asOf}`;
}

export function messageKey(prefix: string, id: string): string {
  return `${CACHE_VERSION}:${prefix}:message:${id}`;
}
