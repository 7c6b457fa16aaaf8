export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed if it is JSON, else the text. */
  readonly body: unknown;
}

const DEADLINE_MS = 20_000;

interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

/** A POST of JSON to /messages unless it says otherwise. */
export async function send(
  url: string,
  {
    method = 'POST',
    path = '/messages',
    body,
    headers = { 'content-type': 'application/json' },
  }: RawRequest,
): Promise<Answer> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const response = await fetch(`${url}${path}`, { method, headers, signal, ...(body && { body }) });
  const text = await response.text();
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? (JSON.parse(text) as unknown) : text,
  };
}

export function get(url: string, path: string, headers: Record<string, string> = {}) {
  return send(url, { method: 'GET', path, headers });
}

export function post(url: string, body: unknown): Promise<Answer> {
  return send(url, { body: JSON.stringify(body) });
}
