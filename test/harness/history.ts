/*
 * What clients saw of the service, and what they must not have seen. Times come from one counter,
 * so of any two events it is known which was first.
 */

/** A POST. Texts are unique: by its text a message is known even if its answer was lost. */
export interface PostEvent {
  readonly kind: 'post';
  readonly started: number;
  readonly finished: number;
  readonly tag: string;
  readonly text: string;
  /** `ok` if it was answered 201, `refused` if 4xx; all else may have been stored or not. */
  readonly outcome: 'ok' | 'unknown' | 'refused';
  /** What a 201 says. */
  readonly id?: string;
}

export interface Entry {
  readonly id: string;
  readonly text: string;
}

/** A page that was answered 200. */
export interface PageEvent {
  readonly kind: 'page';
  readonly started: number;
  readonly finished: number;
  readonly tag: string;
  readonly limit: number;
  /** The cursor; undefined on a first page. */
  readonly before?: string | undefined;
  /** Newest first, as they came. */
  readonly entries: readonly Entry[];
  /** Whether there was a `Link` to a next page. */
  readonly more: boolean;
  /** Pages of one walk, each found by the `Link` of the one before it, have the same number. */
  readonly walk?: number | undefined;
}

export type HistoryEvent = PostEvent | PageEvent;

export interface Violation {
  readonly kind: ViolationKind;
  readonly tag: string;
  /** The message at fault. */
  readonly text: string;
  /** When the read that showed it began. */
  readonly at: number;
}

export type ViolationKind =
  /** A read that began after the 201 and should have shown the message did not. */
  | 'missed-acknowledged'
  /** The message stands twice in one page or in one walk. */
  | 'duplicate'
  | 'not-descending'
  /** Nobody had posted it under this tag, or its id is not what the 201 said. */
  | 'foreign'
  /** It was refused, and is there. */
  | 'resurrected'
  /** A walk to the end did not come by a message that was acknowledged before it began. */
  | 'walk-incomplete'
  /** The same, by a walk that began when all posts to the tag had ended. */
  | 'lost';

/** Every violation of what the service promises. */
export function checkHistory(events: readonly HistoryEvent[]): Violation[] {
  return [...groupBy(events, ({ tag }) => tag).values()].flatMap((ofTag) => {
    const posts = ofTag.filter((event) => event.kind === 'post');
    const pages = ofTag.filter((event) => event.kind === 'page');
    const walks = groupBy(
      pages.filter(({ walk }) => walk !== undefined),
      ({ walk }) => walk,
    );
    return [
      ...pages.flatMap((page) => [
        ...disorder(page),
        ...strangers(page, posts),
        ...missed(page, posts),
        ...duplicates(page.entries, page),
      ]),
      ...[...walks.values()].flatMap((walk) => checkWalk(walk, posts)),
    ];
  });
}

function disorder(page: PageEvent): Violation[] {
  return page.entries
    .filter(({ id }, index) => {
      const previous = index === 0 ? page.before : page.entries[index - 1]?.id;
      // Equal ids are duplicates.
      return previous !== undefined && id > previous;
    })
    .map(({ text }) => violation('not-descending', page, text));
}

function strangers(page: PageEvent, posts: readonly PostEvent[]): Violation[] {
  const byText = new Map(posts.map((post) => [post.text, post]));
  return page.entries.flatMap(({ id, text }) => {
    const post = byText.get(text);
    if (!post || post.started > page.finished || (post.id ?? id) !== id) {
      return [violation('foreign', page, text)];
    }
    return post.outcome === 'refused' ? [violation('resurrected', page, text)] : [];
  });
}

function missed(page: PageEvent, posts: readonly PostEvent[]): Violation[] {
  const shown = new Set(page.entries.map(({ text }) => text));
  const last = page.entries.length < page.limit ? undefined : page.entries.at(-1);
  return acknowledgedBefore(page.started, posts)
    .filter(({ id, text }) => {
      const inRange = page.before === undefined || id < page.before;
      return inRange && !shown.has(text) && (last === undefined || id > last.id);
    })
    .map(({ text }) => violation('missed-acknowledged', page, text));
}

function checkWalk(pages: readonly PageEvent[], posts: readonly PostEvent[]): Violation[] {
  const [first, last] = [pages[0], pages.at(-1)];
  if (!first || !last) return [];
  const entries = pages.flatMap((page) => page.entries);
  // Within one page they have been told already.
  const found = duplicates(
    pages.flatMap((page) => uniqueByText(page.entries)),
    first,
  );
  if (last.more) return found;
  const seen = new Set(entries.map(({ text }) => text));
  const isFinal = posts.every(({ finished }) => finished < first.started);
  const unseen = acknowledgedBefore(first.started, posts).filter(({ text }) => !seen.has(text));
  return [
    ...found,
    ...unseen.map(({ text }) => violation(isFinal ? 'lost' : 'walk-incomplete', first, text)),
  ];
}

function duplicates(entries: readonly Entry[], page: PageEvent): Violation[] {
  const [ids, texts] = [new Set<string>(), new Set<string>()];
  return entries
    .filter(({ id, text }) => {
      const again = ids.has(id) || texts.has(text);
      ids.add(id);
      texts.add(text);
      return again;
    })
    .map(({ text }) => violation('duplicate', page, text));
}

function uniqueByText(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry.text, entry])).values()];
}

function acknowledgedBefore(at: number, posts: readonly PostEvent[]) {
  return posts.flatMap(({ outcome, id, text, finished }) =>
    outcome === 'ok' && id !== undefined && finished < at ? [{ id, text }] : [],
  );
}

function violation(kind: ViolationKind, { tag, started }: PageEvent, text: string): Violation {
  return { kind, tag, text, at: started };
}

function groupBy<T, Key>(items: readonly T[], keyOf: (item: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
