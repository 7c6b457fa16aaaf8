import { describe, expect, it } from '@jest/globals';
import { messageOfRow } from '../import/row.js';
import { generateMessages, type SeedPlan } from './generate.js';

const plan: SeedPlan = {
  messages: 3000,
  tags: 200,
  seed: 1,
  from: new Date('2021-01-01T00:00:00Z'),
  to: new Date('2022-01-01T00:00:00Z'),
};

describe(generateMessages.name, () => {
  const messages = [...generateMessages(plan)];

  it('makes the same messages again, and more of them with the same start', () => {
    expect([...generateMessages({ ...plan, messages: 4000 })].slice(0, 3000)).toEqual(messages);
    expect([...generateMessages({ ...plan, seed: 2 })]).not.toEqual(messages);
  });

  it('makes messages that an import of them would make, each once', () => {
    for (const made of messages) {
      const { message, tag, createdAt } = made;
      expect(messageOfRow({ message, tag, created_at: createdAt.toISOString() })).toEqual(made);
    }
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
  });

  it('spreads them over the time and unevenly over the tags', () => {
    const times = messages.map(({ createdAt }) => createdAt.getTime());
    expect(Math.min(...times)).toBeGreaterThanOrEqual(plan.from.getTime());
    expect(Math.max(...times)).toBeLessThan(plan.to.getTime());
    const counts = new Map<string, number>();
    for (const { tag } of messages) counts.set(tag, (counts.get(tag) ?? 0) + 1);
    expect(counts.size).toBeGreaterThan(150);
    expect(Math.max(...counts.values())).toBeGreaterThan(400);
  });
});
