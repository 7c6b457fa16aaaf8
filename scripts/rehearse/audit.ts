import type { Acknowledged } from './customers.js';

interface Message {
  readonly id: string;
  readonly message: string;
}

const NEXT = /^<(?<path>[^>]*)>; rel="next"$/;
const REQUEST_MS = 20_000;

/**
 * What is wrong with what is stored: every acknowledged message has to be there exactly once, under
 * the id that was answered, and nothing else but what may have been stored.
 *
 * @param unknown texts that may be stored or not
 */
export function faultsOf(
  stored: readonly Message[],
  acknowledged: readonly Acknowledged[],
  unknown: ReadonlySet<string>,
): string[] {
  const ids = new Map<string, string[]>();
  for (const { id, message } of stored) ids.set(message, [...(ids.get(message) ?? []), id]);
  const known = new Set(acknowledged.map(({ text }) => text));
  return [
    ...acknowledged.flatMap(({ id, text }) => {
      const found = ids.get(text) ?? [];
      if (found.length === 0) return [`"${text}" was acknowledged and is lost`];
      return found.includes(id) ? [] : [`"${text}" was acknowledged as ${id}, which is lost`];
    }),
    ...Array.from(ids)
      .filter(([, found]) => found.length > 1)
      .map(([text, found]) => `"${text}" is there ${found.length} times`),
    ...Array.from(ids.keys())
      .filter((text) => !known.has(text) && !unknown.has(text))
      .map((text) => `"${text}" is there, and nobody has posted it`),
  ];
}

/** Every message of a tag, page by page. */
export async function allOf(url: string, tag: string): Promise<Message[]> {
  const messages: Message[] = [];
  let path: string | undefined = `/messages?tag=${encodeURIComponent(tag)}&limit=500`;
  while (path !== undefined) {
    const signal = AbortSignal.timeout(REQUEST_MS);
    const answer: Response = await fetch(`${url}${path}`, { signal });
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status}`);
    messages.push(...((await answer.json()) as Message[]));
    path = NEXT.exec(answer.headers.get('link') ?? '')?.groups?.['path'];
  }
  return messages;
}
