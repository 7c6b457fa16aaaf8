import type { FastifyReply } from 'fastify';
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

const JSON_TEXT = 'application/json; charset=utf-8';

/** Status and headers of an answer. */
export function describePage(
  reply: FastifyReply,
  { tag, limit }: PageRequest,
  { body, etag, next, lasting }: PageAnswer,
): void {
  // Only of a full page it is sure that no older message would go on it.
  reply.headers(lasting && next !== undefined ? LASTING : CHANGING);
  reply.header('etag', `"${etag}"`);
  if (next !== undefined) reply.header('link', nextPageLink(tag, limit, next));
  if (body === undefined) reply.status(304).removeHeader('content-type');
  else reply.type(JSON_TEXT);
}
