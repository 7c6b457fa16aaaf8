import { requestContext, traceHeaders } from '../request-context/index.js';

const TIMEOUT_MS = 3_000;
const BYTES_MAX = 256 * 1024;
const FETCHES_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

export interface KeySet {
  readonly keys: Record<string, unknown>[];
}

/**
 * Fetches the issuer's keys, at most ten times a minute. Whoever asks beyond that is answered from
 * what was fetched last, less than a minute ago. The rate limit of jwks-rsa would refuse them: then
 * a flood of made-up key ids would keep good keys from being renewed.
 */
export class KeySetFetcher {
  private fetchedAt: number[] = [];
  private last: Promise<KeySet> | undefined;
  private underWay = false;

  constructor(
    private readonly url: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws Error if the issuer cannot be asked, or answers what is no key set */
  fetch(): Promise<KeySet> {
    this.fetchedAt = this.fetchedAt.filter((at) => this.now() - at < MINUTE_MS);
    const spent = this.fetchedAt.length >= FETCHES_PER_MINUTE;
    if (this.last && (this.underWay || spent)) return this.last;
    this.fetchedAt.push(this.now());
    this.underWay = true;
    this.last = fetchKeySet(this.url).finally(() => {
      this.underWay = false;
    });
    return this.last;
  }
}

async function fetchKeySet(url: string): Promise<KeySet> {
  // A redirect would let somebody else say which keys are good.
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const context = requestContext();
  const response = await fetch(url, {
    redirect: 'error',
    signal,
    headers: {
      accept: 'application/jwk-set+json, application/json',
      ...(context && traceHeaders(context)),
    },
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} answers ${response.status}`);
  }
  const set = JSON.parse(await boundedText(response)) as Partial<KeySet> | null;
  if (!Array.isArray(set?.keys)) throw new Error(`${url} answers no key set`);
  return { keys: set.keys };
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX) throw new Error(`the key set is larger than ${BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
