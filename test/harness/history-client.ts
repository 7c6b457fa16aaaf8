import { inspect } from 'node:util';
import type { HistoryEvent, PostEvent } from './history.js';
import { type Answer, get, send } from './http.js';

const NEXT = /^<(?<path>[^>]*)>; rel="next"$/;

interface Message {
  readonly id: string;
  readonly message: string;
}

export interface HistoryClientOptions {
  /** Whether each read is sent the newest token that a post to its tag was answered. */
  readonly withTokens?: boolean;
}

/** Posts and reads, and keeps the history of it. Any number of callers may share one. */
export class HistoryClient {
  /** By tag. Those of one tag are of one shard, so the newest is the greatest as text. */
  private readonly tokens = new Map<string, string>();
  readonly events: HistoryEvent[] = [];
  /** All that was answered neither 201 nor 200, with the request and what was answered. */
  readonly failures: string[] = [];
  private clock = 0;
  private posts = 0;
  private walks = 0;

  constructor(private readonly options: HistoryClientOptions = {}) {}

  /** Posts, and pages that were answered 200, so far. */
  get requests(): number {
    return this.events.length;
  }

  /** The clock of `started` and `finished`. */
  get now(): number {
    return this.clock;
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
      const token = answer.headers.get('consistency-token') ?? '';
      if (token > (this.tokens.get(tag) ?? '')) this.tokens.set(tag, token);
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
    const token = this.options.withTokens ? this.tokens.get(tag) : undefined;
    const headers: Record<string, string> =
      token === undefined ? {} : { 'consistency-token': token };
    const answer = await this.ask(`GET ${path}`, 200, () => get(url, path, headers));
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
