import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { bucketOfTag } from '../messages/bucket.js';
import { CONSISTENCY_TOKEN } from '../messages/consistency-token.js';
import { pageQuerySchema } from '../messages/message.dto.js';
import { parseMessageId } from '../messages/message-id.js';
import type { PageRequest } from '../messages/messages.service.js';

const KNOWN_MAX = 10_000;
const URL_MAX_LENGTH = 300;

/** What addresses that were asked for lately mean: to find that out costs as much as a look-up. */
const known = new LRUCache<string, PageRequest>({ max: KNOWN_MAX });

/**
 * What page is asked for; undefined if that is not valid, which is for the handler to say. Often
 * the same object for the same address.
 *
 * @param request to the route that lists pages
 */
export function readPageRequest({ raw, query }: FastifyRequest): PageRequest | undefined {
  const { url = '' } = raw;
  if (!known.has(url)) {
    const page = readQuery(query);
    if (!page) return undefined;
    if (url.length > URL_MAX_LENGTH) return withToken(page, raw);
    known.set(url, page);
  }
  return knownPageRequest(raw);
}

/** The same for any request; undefined too if its address was not asked for lately. */
export function knownPageRequest(request: IncomingMessage): PageRequest | undefined {
  // Without a note that it was used, which costs more than to read it anew now and then.
  const page = known.peek(request.url ?? '');
  return page && withToken(page, request);
}

function withToken(page: PageRequest, { headers }: IncomingMessage): PageRequest | undefined {
  const consistencyToken = headers['consistency-token'];
  if (consistencyToken === undefined) return page;
  const isToken = typeof consistencyToken === 'string' && CONSISTENCY_TOKEN.test(consistencyToken);
  return isToken ? { ...page, consistencyToken } : undefined;
}

function readQuery(query: unknown): PageRequest | undefined {
  const parsed = pageQuerySchema.safeParse(query);
  if (!parsed.success) return undefined;
  const { tag, limit, cursor } = parsed.data;
  if (cursor === undefined) return { tag, limit };
  const before = parseMessageId(cursor);
  return before?.bucket === bucketOfTag(tag) ? { tag, limit, cursor: before.id } : undefined;
}
