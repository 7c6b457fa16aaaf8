import type { MessagePage } from './messages.repository.js';

/** `Link` to the next older page (RFC 8288), undefined on the last one. */
export function nextPageLink(tag: string, limit: number, page: MessagePage): string | undefined {
  const last = page.messages.at(-1);
  if (!page.more || !last) return undefined;
  const query = `tag=${encodeURIComponent(tag)}&limit=${limit}&cursor=${last.id}`;
  return `</messages?${query}>; rel="next"`;
}
