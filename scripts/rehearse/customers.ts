import { randomInt, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestKind, Tally } from './tally.js';

/** A POST that was answered 201. */
export interface Acknowledged {
  readonly id: string;
  readonly tag: string;
  readonly text: string;
}

export interface CustomersOptions {
  readonly url: string;
  /** How many ask at once. */
  readonly count: number;
  readonly tags: readonly string[];
  /** From an answer to the next request of the same customer, in milliseconds at most. */
  readonly pauseMs: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** For one request, and for a POST with all its repetitions. */
const REQUEST_MS = 20_000;
const POST_MS = 60_000;
const REPEAT_AFTER_MS = 200;

/**
 * Post and read all the time, as well-behaved clients do: a POST carries an Idempotency-Key and is
 * sent again until it is answered 201; a GET is sent once. After a POST the tag is read with the
 * Consistency-Token that came with it, and has to show the message.
 */
export class Customers {
  readonly acknowledged: Acknowledged[] = [];
  /** Texts of POSTs that were given up: they may be stored or not. */
  readonly unknown = new Set<string>();
  private tally: Tally;
  private readonly over = new AbortController();
  private readonly working: Promise<unknown>;
  private posts = 0;

  constructor(
    private readonly options: CustomersOptions,
    first: Tally,
  ) {
    this.tally = first;
    // Every customer listens while it pauses.
    setMaxListeners(options.count + 1, this.over.signal);
    this.working = Promise.all(Array.from({ length: options.count }, () => this.work()));
    // Awaited by `stop`; until then nobody would hear of it.
    this.working.catch(() => undefined);
  }

  /** Counts there what is begun from now on. */
  countIn(tally: Tally): void {
    this.tally = tally;
  }

  /** Lets everyone finish what they are at. */
  async stop(): Promise<void> {
    this.over.abort();
    await this.working;
  }

  private async work(): Promise<void> {
    const { signal } = this.over;
    while (!signal.aborted) {
      await this.postAndLook();
      await this.pause();
      await this.read(this.someTag());
      await this.pause();
    }
  }

  private async postAndLook(): Promise<void> {
    const { tally } = this;
    const tag = this.someTag();
    const text = `rehearsed ${++this.posts}`;
    const posted = await this.post(tag, text, tally);
    if (!posted) {
      this.unknown.add(text);
      tally.lost.push(`POST of "${text}" under ${tag}`);
      return;
    }
    const { id } = JSON.parse(posted.body) as { id: string };
    this.acknowledged.push({ id, tag, text });
    const token = posted.headers.get('consistency-token') ?? '';
    const page = await this.read(tag, { 'consistency-token': token });
    if (page && !page.body.includes(id)) tally.stale.push(`GET of ${tag} without ${id}`);
  }

  /** Sends it until it is answered 201; undefined if that takes too long. */
  private async post(tag: string, message: string, tally: Tally): Promise<Answer | undefined> {
    const headers = {
      'content-type': 'application/json',
      'idempotency-key': `"${randomUUID()}"`,
    };
    const body = JSON.stringify({ message, tag });
    const end = performance.now() + POST_MS;
    while (performance.now() < end) {
      const answer = await this.ask('POST', '/messages', { headers, body }, tally);
      if (typeof answer !== 'string' && answer.status === 201) return answer;
      tally.repeated.push(described('POST', '/messages', answer));
      await sleep(REPEAT_AFTER_MS);
    }
    return undefined;
  }

  private async read(tag: string, headers: Record<string, string> = {}) {
    const path = `/messages?tag=${encodeURIComponent(tag)}`;
    const { tally } = this;
    const answer = await this.ask('GET', path, { headers }, tally);
    if (typeof answer !== 'string' && answer.status === 200) return answer;
    tally.failedReads.push(described('GET', path, answer));
    return undefined;
  }

  /** The answer, or why there was none. */
  private async ask(
    method: RequestKind,
    path: string,
    init: RequestInit,
    tally: Tally,
  ): Promise<Answer | string> {
    const started = performance.now();
    try {
      const signal = AbortSignal.timeout(REQUEST_MS);
      const response = await fetch(`${this.options.url}${path}`, { ...init, method, signal });
      const { status, headers } = response;
      return { status, headers, body: await response.text() };
    } catch (error) {
      const { message, cause } = error as Error;
      return cause instanceof Error ? `${message}: ${cause.message}` : message;
    } finally {
      tally.answered(performance.now() - started);
    }
  }

  private async pause(): Promise<void> {
    const { signal } = this.over;
    await sleep(randomInt(this.options.pauseMs + 1), undefined, { signal }).catch(() => undefined);
  }

  private someTag(): string {
    const { tags } = this.options;
    return tags[randomInt(tags.length)] as string;
  }
}

function described(method: RequestKind, path: string, answer: Answer | string): string {
  if (typeof answer === 'string') return `${method} ${path}: ${answer}`;
  const body = answer.body.slice(0, 200).replaceAll(/\s+/g, ' ');
  return `${method} ${path}: ${answer.status} ${body}`;
}
