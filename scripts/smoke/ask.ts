import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  /** Parsed if it is JSON, else the text. */
  readonly body: unknown;
}

export interface Question {
  readonly method?: 'GET' | 'POST';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The service does not do what it promises; says what it did. */
export class SmokeError extends Error {
  override readonly name = 'SmokeError';
}

/** Asks a service, each time with a deadline. */
export class Asker {
  constructor(
    private readonly base: URL,
    private readonly deadlineMs: number,
  ) {}

  /**
   * Asks again when it is told to (503 with Retry-After), as clients do, while there is time: who has
   * just started may refuse what would keep the rest waiting.
   *
   * @param path relative to the service's URL, or what a `Link` or a `Location` says
   * @throws SmokeError if nothing answers in time
   */
  async ask(path: string | URL, question: Question = {}): Promise<Answer> {
    const url = typeof path === 'string' ? this.at(path) : path;
    const end = performance.now() + this.deadlineMs;
    for (;;) {
      const answer = await this.askOnce(url, question);
      const waitMs = Number(answer.headers.get('retry-after') ?? Number.NaN) * 1_000;
      const again = answer.status === 503 && performance.now() + waitMs < end;
      if (!again) return answer;
      await sleep(waitMs);
    }
  }

  /** A service may stand below a path. */
  at(path: string): URL {
    return new URL(path.replace(/^\//, ''), `${this.base.href.replace(/\/*$/, '')}/`);
  }

  private async askOnce(url: URL, question: Question): Promise<Answer> {
    const { method = 'GET', body, headers } = question;
    const signal = AbortSignal.timeout(this.deadlineMs);
    try {
      const response = await fetch(url, {
        method,
        signal,
        redirect: 'manual',
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        url,
        status: response.status,
        headers: response.headers,
        body: isJson(response.headers) ? parse(text) : text,
      };
    } catch (cause) {
      const reason = signal.aborted ? `no answer within ${this.deadlineMs} ms` : why(cause);
      throw new SmokeError(`${method} ${url.href}: ${reason}`, { cause });
    }
  }
}

/** @throws SmokeError that shows what was answered instead */
export function expectStatus(answer: Answer, status: number): void {
  if (answer.status === status) return;
  const { url, body } = answer;
  const shown = typeof body === 'string' ? body : JSON.stringify(body);
  throw new SmokeError(
    `${url.href} answers ${answer.status}, not ${status}: ${shown.slice(0, 300)}`,
  );
}

/** @throws SmokeError with `message` unless the condition holds */
export function expectThat(condition: boolean, message: string): asserts condition {
  if (!condition) throw new SmokeError(message);
}

function isJson(headers: Headers): boolean {
  return /\bjson\b/.test(headers.get('content-type') ?? '');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** fetch says of every failure the same; its cause says which. */
function why(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message || cause.name : String(cause);
}
