import autocannon from 'autocannon';
import { tagOf } from './database.js';

export interface Load {
  readonly kind: 'post' | 'page';
  readonly tags: number;
  readonly connections: number;
  readonly seconds: number;
}

/**
 * Asks as fast as answers come, with random tags.
 *
 * @returns requests answered in a second
 * @throws Error if any answer was not the one asked for
 */
export async function requestsPerSecond(url: string, load: Load): Promise<number> {
  const result = await autocannon({
    url,
    connections: load.connections,
    duration: load.seconds,
    requests: [{ setupRequest: (request) => ({ ...request, ...requestOf(load) }) }],
  });
  if (result.errors > 0 || result.non2xx > 0) {
    throw new Error(`${result.errors} errors, ${result.non2xx} answers that were not 2xx`);
  }
  return result.requests.total / result.duration;
}

function requestOf({ kind, tags }: Load) {
  const tag = tagOf(Math.floor(Math.random() * tags));
  if (kind === 'page') return { method: 'GET' as const, path: `/messages?tag=${tag}&limit=50` };
  return {
    method: 'POST' as const,
    path: '/messages',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: 'What we measure, we know a little better.', tag }),
  };
}
