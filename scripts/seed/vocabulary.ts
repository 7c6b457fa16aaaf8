import { base, en, Faker, type Randomizer } from '@faker-js/faker';
import { normaliseTag, TAG_MAX_BYTES, tagBytes } from '../../src/messages/tag.js';

const PHRASES = 4000;

/** What messages are made of: faker is too slow to be asked for each of a million messages. */
export interface Vocabulary {
  readonly phrases: readonly string[];
  readonly names: readonly string[];
  /** Each once, normalised, the most used one first. */
  readonly tags: readonly string[];
}

export function makeVocabulary(tagCount: number, randomizer: Randomizer): Vocabulary {
  const faker = new Faker({ locale: [en, base], randomizer });
  return {
    phrases: Array.from({ length: PHRASES }, () => faker.hacker.phrase()),
    names: Array.from({ length: PHRASES }, () => faker.person.firstName()),
    tags: makeTags(faker, tagCount),
  };
}

function makeTags(faker: Faker, count: number): string[] {
  const tags = new Set<string>();
  while (tags.size < count) {
    const tag = normaliseTag(`${faker.hacker.noun()}-${faker.hacker.verb()}`.replaceAll(' ', '-'));
    const numbered = tags.has(tag) ? `${tag}-${tags.size}` : tag;
    if (tagBytes(numbered) <= TAG_MAX_BYTES) tags.add(numbered);
  }
  return [...tags];
}
