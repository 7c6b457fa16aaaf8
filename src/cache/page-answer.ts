import { nextPageLink } from '../messages/page-link.js';
import type { PageRequest } from '../messages/messages.service.js';
import type { PageAnswer } from './pages.js';

/** A page that may get messages may be kept, and has to be asked for again each time. */
const CHANGING = {
  'cache-control': 'no-cache',
  // So that a cache which asks once for many does not do so for one that has written meanwhile.
  vary: 'Consistency-Token',
};
/** A day, not for ever: old messages may be brought in past the service. */
const LASTING = { 'cache-control': 'public, max-age=86400, immutable' };

const JSON_TEXT = { 'content-type': 'application/json; charset=utf-8' };

export function pageStatus({ body }: PageAnswer): 200 | 304 {
  return body === undefined ? 304 : 200;
}

/** What the answer says of the page; the length of its body is for whoever sends it to say. */
export function pageHeaders(
  { tag, limit }: PageRequest,
  { body, etag, next, lasting }: PageAnswer,
): Record<string, string> {
  return {
    // Only of a full page it is sure that no older message would go on it.
    ...(lasting && next !== undefined ? LASTING : CHANGING),
    etag: `"${etag}"`,
    ...(next !== undefined && { link: nextPageLink(tag, limit, next) }),
    ...(body && JSON_TEXT),
  };
}
