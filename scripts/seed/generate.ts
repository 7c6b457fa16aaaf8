import { generateMersenne53Randomizer } from '@faker-js/faker';
import { bucketOfTag } from '../../src/messages/bucket.js';
import { derivedMessageId } from '../../src/messages/message-id.js';
import { MESSAGE_MAX_CODE_POINTS, type Message } from '../../src/messages/message.js';
import { codePoints } from '../../src/messages/text.js';
import { makeVocabulary } from './vocabulary.js';
import { ZipfDistribution } from './zipf.js';

export interface SeedPlan {
  readonly messages: number;
  readonly tags: number;
  readonly seed: number;
  readonly from: Date;
  readonly to: Date;
}

/**
 * Demo messages: the same plan always makes the same ones, ids included, and a plan for more
 * messages starts with those of a plan for fewer.
 */
export function* generateMessages(plan: SeedPlan): Generator<Message> {
  const randomizer = generateMersenne53Randomizer(plan.seed);
  const { phrases, names, tags } = makeVocabulary(plan.tags, randomizer);
  const zipf = new ZipfDistribution(tags.length);
  const from = plan.from.getTime();
  const span = plan.to.getTime() - from;
  const pick = (words: readonly string[]) =>
    words[Math.floor(randomizer.next() * words.length)] ?? '';

  for (let made = 0; made < plan.messages; made++) {
    const tag = tags[zipf.rankAt(randomizer.next())] ?? '';
    const createdAt = new Date(from + Math.floor(randomizer.next() * span));
    const message = vary(pick(phrases), pick(names), randomizer.next());
    const id = derivedMessageId(bucketOfTag(tag), createdAt, tag, message);
    yield { id, message, tag, createdAt };
  }
}

/** Half of the messages address somebody, some with letters outside ASCII; all stay short enough. */
function vary(phrase: string, name: string, random: number): string {
  const varied =
    random < 0.3
      ? `@${name} ${phrase}`
      : random < 0.45
        ? `${phrase} Thanks, ${name}!`
        : random < 0.5
          ? `${phrase} – ${name} 🚀`
          : phrase;
  if (codePoints(varied) <= MESSAGE_MAX_CODE_POINTS) return varied;
  return Array.from(phrase).slice(0, MESSAGE_MAX_CODE_POINTS).join('');
}
