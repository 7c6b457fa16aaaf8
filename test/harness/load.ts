import { generateMersenne53Randomizer } from '@faker-js/faker';
import type { HistoryClient } from './history-client.js';

export interface LoadOptions {
  /** Of services that share their databases; each request goes to one of them at random. */
  readonly urls: readonly string[];
  readonly tags: readonly string[];
  readonly writers: number;
  readonly readers: number;
  /** Of all writers together. Readers go on until the last one is answered. */
  readonly posts: number;
  /** When to stop all the same. */
  readonly deadlineMs: number;
  readonly seed: number;
}

const LONGEST_PAGE = 20;
/** Shares of writers that look for what they have just posted, of readers that walk to the end. */
const LOOKS = 0.5;
const WALKS = 0.1;

/**
 * Posts and reads as fast as it is answered, then walks through every tag once by each service.
 * The seed decides what is asked, though not when it is answered.
 */
export async function load(client: HistoryClient, options: LoadOptions): Promise<void> {
  const { urls, tags, seed } = options;
  const randomizer = generateMersenne53Randomizer(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(randomizer.next() * list.length)] as T;
  /** Some tags are posted to all the time, others once in a while. */
  const pickSkewed = () => tags[Math.floor(randomizer.next() ** 3 * tags.length)] as string;
  const someLimit = () => 1 + Math.floor(randomizer.next() * LONGEST_PAGE);

  const end = performance.now() + options.deadlineMs;
  let posts = 0;
  const write = async () => {
    while (posts < options.posts && performance.now() < end) {
      posts++;
      const tag = pickSkewed();
      await client.post(pick(urls), tag);
      if (randomizer.next() < LOOKS) await client.page(pick(urls), tag, someLimit());
    }
  };
  const read = () =>
    randomizer.next() < WALKS
      ? client.walk(rotated(urls, randomizer.next()), pick(tags), LONGEST_PAGE)
      : client.page(pick(urls), pick(tags), someLimit());
  await whileDoing(options.readers, read, () =>
    Promise.all(Array.from({ length: options.writers }, write)),
  );
  await walkAll(client, urls, tags);
}

/** Does something again and again, so many times at once, until `work` has ended. */
export async function whileDoing(
  count: number,
  something: (number: number) => Promise<unknown>,
  work: () => Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  const doing = Promise.all(
    Array.from({ length: count }, async (_, number) => {
      while (!over.signal.aborted) await something(number);
    }),
  );
  // Awaited below; until then nobody would hear of it.
  doing.catch(() => undefined);
  try {
    await work();
  } finally {
    over.abort();
    await doing;
  }
}

/** Walks through every tag once by each service. */
export async function walkAll(
  client: HistoryClient,
  urls: readonly string[],
  tags: readonly string[],
): Promise<void> {
  for (const tag of tags) {
    await Promise.all(urls.map((url) => client.walk([url], tag, LONGEST_PAGE)));
  }
}

/** The list begun at another place. */
function rotated<T>(list: readonly T[], random: number): T[] {
  const start = Math.floor(random * list.length);
  return [...list.slice(start), ...list.slice(0, start)];
}
