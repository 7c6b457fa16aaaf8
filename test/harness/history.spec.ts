import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  checkHistory,
  type HistoryEvent,
  type PageEvent,
  type PostEvent,
  type ViolationKind,
} from './history.js';

const TAG = 't';

/** A message that is its own id: `a` is older than `b`. */
function post(id: string, [started, finished]: [number, number]): PostEvent {
  return { kind: 'post', started, finished, tag: TAG, text: id, outcome: 'ok', id };
}

function without(event: PostEvent, outcome: 'unknown' | 'refused'): PostEvent {
  const { id: _, ...others } = event;
  return { ...others, outcome };
}

function page(
  ids: string,
  [started, finished]: [number, number],
  others: Partial<PageEvent> = {},
): PageEvent {
  const entries = Array.from(ids, (id) => ({ id, text: id }));
  return { kind: 'page', started, finished, tag: TAG, limit: 3, entries, more: false, ...others };
}

const walk = { walk: 1 };
const abc = [post('a', [1, 2]), post('b', [3, 4]), post('c', [5, 6])];

function kinds(events: readonly HistoryEvent[]): ViolationKind[] {
  return checkHistory(events).map(({ kind }) => kind);
}

describe(checkHistory.name, () => {
  it.each<[string, HistoryEvent[]]>([
    ['nothing at all', []],
    ['a page of all', [...abc, page('cba', [7, 8])]],
    ['a full page of the newest', [...abc, page('cb', [7, 8], { limit: 2, more: true })]],
    ['an older page', [...abc, page('ba', [7, 8], { before: 'c' })]],
    ['a message that is posted while the page is read', [post('a', [1, 3]), page('', [2, 4])]],
    ['one that shows before it is acknowledged', [post('a', [1, 4]), page('a', [2, 3])]],
    ['an unknown one that shows', [without(post('a', [1, 2]), 'unknown'), page('a', [3, 4])]],
    ['an unknown one that does not', [without(post('a', [1, 2]), 'unknown'), page('', [3, 4])]],
    ['a refused one that does not', [without(post('a', [1, 2]), 'refused'), page('', [3, 4])]],
    ['another tag', [...abc, page('', [7, 8], { tag: 'other' })]],
    [
      'a walk while others post',
      [
        ...abc,
        page('cb', [7, 8], { ...walk, limit: 2, more: true }),
        post('d', [9, 10]),
        page('a', [11, 12], { ...walk, limit: 2, before: 'b' }),
      ],
    ],
    ['a walk that was given up', [...abc, page('c', [7, 8], { ...walk, limit: 1, more: true })]],
  ])('finds nothing wrong with %s', (_, events) => {
    expect(kinds(events)).toEqual([]);
  });

  it.each<[string, ViolationKind[], HistoryEvent[]]>([
    ['an empty page after a 201', ['missed-acknowledged'], [post('a', [1, 2]), page('', [3, 4])]],
    ['a page that lacks one in its middle', ['missed-acknowledged'], [...abc, page('ca', [7, 8])]],
    [
      'a full page that has an older one instead',
      ['missed-acknowledged'],
      [...abc, page('ca', [7, 8], { limit: 2 })],
    ],
    [
      'an older page that lacks one',
      ['missed-acknowledged'],
      [...abc, page('b', [7, 8], { before: 'c' })],
    ],
    ['the same message twice', ['duplicate'], [post('a', [1, 2]), page('aa', [3, 4])]],
    [
      'a message that was stored under two ids',
      ['duplicate'],
      [
        without(post('a', [1, 2]), 'unknown'),
        page('', [3, 4], {
          entries: [
            { id: 'y', text: 'a' },
            { id: 'x', text: 'a' },
          ],
        }),
      ],
    ],
    ['the oldest first', ['not-descending'], [...abc, page('bca', [7, 8])]],
    [
      'a page that begins before its cursor',
      ['not-descending'],
      [...abc, page('cba', [7, 8], { before: 'b' })],
    ],
    ['a message that nobody posted', ['foreign'], [page('x', [1, 2])]],
    ['one of another tag', ['foreign'], [post('a', [1, 2]), page('a', [3, 4], { tag: 'other' })]],
    ['one that is posted later', ['foreign'], [page('a', [1, 2]), post('a', [3, 4])]],
    [
      'another id than was answered',
      ['foreign'],
      [post('a', [1, 2]), page('', [3, 4], { entries: [{ id: 'b', text: 'a' }] })],
    ],
    [
      'a message that was refused',
      ['resurrected'],
      [without(post('a', [1, 2]), 'refused'), page('a', [3, 4])],
    ],
    [
      'a walk whose Link left one out',
      ['walk-incomplete'],
      [
        ...abc,
        page('c', [7, 8], { ...walk, limit: 1, more: true }),
        page('a', [9, 10], { ...walk, limit: 1, before: 'b' }),
        post('d', [11, 12]),
      ],
    ],
    [
      'a walk that ended too early',
      ['walk-incomplete'],
      [...abc, page('cb', [7, 8], { ...walk, limit: 2 }), post('d', [9, 10])],
    ],
    [
      'a walk that came by one twice',
      ['duplicate'],
      [
        ...abc,
        page('cb', [7, 8], { ...walk, limit: 2, more: true }),
        page('ba', [9, 10], { ...walk, limit: 2, before: 'c' }),
      ],
    ],
    [
      'a walk at the end that lacks one',
      ['lost'],
      [...abc, page('cb', [7, 8], { ...walk, limit: 2 })],
    ],
  ])('finds %s', (_, expected, events) => {
    expect(kinds(events)).toEqual(expected);
  });

  it('finds nothing in what one correct store answers, and whatever is then left out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant('post' as const), fc.integer({ min: 1, max: 4 }))),
        fc.nat(),
        (steps, choice) => {
          const events = serve(steps);
          expect(kinds(events)).toEqual([]);
          const pages = events.filter((event) => event.kind === 'page');
          const shown = pages.filter(({ entries }) => entries.length > 0);
          fc.pre(shown.length > 0);
          const victim = shown[choice % shown.length] as PageEvent;
          const left = choice % victim.entries.length;
          const cut = { ...victim, entries: victim.entries.filter((__, index) => index !== left) };
          expect(kinds(events.map((event) => (event === victim ? cut : event)))).toContain(
            'missed-acknowledged',
          );
        },
      ),
    );
  });
});

/** One client after the other: posts, and walks with pages of so many messages. */
function serve(steps: readonly ('post' | number)[]): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  const stored: { id: string; text: string }[] = [];
  let now = 0;
  for (const [number, step] of steps.entries()) {
    if (step === 'post') {
      const id = String(number).padStart(6, '0');
      stored.unshift({ id, text: `text ${id}` });
      events.push({ ...post(id, [++now, ++now]), text: `text ${id}` });
      continue;
    }
    let before: string | undefined;
    do {
      const older = stored.filter(({ id }) => before === undefined || id < before);
      const entries = older.slice(0, step);
      const more = older.length > step;
      const times = { started: ++now, finished: ++now };
      events.push({
        kind: 'page',
        tag: TAG,
        limit: step,
        before,
        entries,
        more,
        walk: number,
        ...times,
      });
      before = more ? entries.at(-1)?.id : undefined;
    } while (before !== undefined);
  }
  return events;
}
