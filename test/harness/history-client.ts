import { inspect } from 'node:util';
import type { HistoryEvent, PostEvent } from './history.js';
import { type Answer, get, send } from './http.js';

const NEXT = /^<(?<path>[^>]*)>; rel="next"$/;

interface Message {
  readonly id: string;
  readonly message: string;
}

/** Posts and reads, and keeps the history of it. Any number of callers may share one. */
export class HistoryClient {
  readonly events: HistoryEvent[] = [];
  /** All that was answered neither 201 nor 200, with the request and what was answered. */
  readonly failures: string[] = [];
  private clock = 0;
  private posts = 0;
  private walks = 0;

  /** Posts, and pages that were answered 200, so far. */
  get requests(): number {
    return this.events.length;
  }

  /** Acknowledged posts of a tag. */
  acknowledged(tag: string): PostEvent[] {
    return this.events.filter(
      (event) => event.kind === 'post' && event.tag === tag && event.outcome === 'ok',
    ) as PostEvent[];
  }

  /** Posts a message with a text of its own; undefined if there was no answer. */
  async post(
    url: string,
    tag: string,
    headers: Record<string, string> = {},
  ): Promise<Answer | undefined> {
    const text = `message ${++this.posts}`;
    const started = ++this.clock;
    const answer = await this.ask(`POST of ${text} under ${tag}`, 201, () =>
      send(url, {
        body: JSON.stringify({ message: text, tag }),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    );
    const event = { kind: 'post', started, finished: ++this.clock, tag, text } as const;
    if (answer?.status === 201) {
      this.events.push({ ...event, outcome: 'ok', id: (answer.body as Message).id });
    } else {
      const refused = answer !== undefined && answer.status >= 400 && answer.status < 500;
      this.events.push({ ...event, outcome: refused ? 'refused' : 'unknown' });
    }
    return answer;
  }

  /** Reads a first page. */
  async page(url: string, tag: string, limit: number): Promise<void> {
    await this.read(url, tag, limit, firstPath(tag, limit), undefined);
  }

  /** Reads the first page and follows `Link` to the end; page n is asked of `urls[n % length]`. */
  async walk(urls: readonly string[], tag: string, limit: number): Promise<void> {
    const walk = ++this.walks;
    let path: string | undefined = firstPath(tag, limit);
    for (let page = 0; path !== undefined; page++) {
      path = await this.read(urls[page % urls.length] ?? '', tag, limit, path, walk);
    }
  }

  /** @returns the path of the next page */
  private async read(
    url: string,
    tag: string,
    limit: number,
    path: string,
    walk: number | undefined,
  ): Promise<string | undefined> {
    const started = ++this.clock;
    const answer = await this.ask(`GET ${path}`, 200, () => get(url, path));
    if (answer?.status !== 200) return undefined;
    const next = NEXT.exec(answer.headers.get('link') ?? '')?.groups?.['path'];
    this.events.push({
      kind: 'page',
      started,
      finished: ++this.clock,
      tag,
      limit,
      before: new URL(path, url).searchParams.get('cursor') ?? undefined,
      entries: (answer.body as Message[]).map(({ id, message }) => ({ id, text: message })),
      more: next !== undefined,
      walk,
    });
    return next;
  }

  private async ask(
    what: string,
    expected: number,
    request: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      const answer = await request();
      if (answer.status !== expected) {
        const { detail } = answer.body as { detail?: string };
        this.failures.push(`${what}: ${answer.status} ${detail}`);
      }
      return answer;
    } catch (error) {
      this.failures.push(`${what}: ${inspect(error)}`);
      return undefined;
    }
  }
}

function firstPath(tag: string, limit: number): string {
  return `/messages?tag=${encodeURIComponent(tag)}&limit=${limit}`;
}
