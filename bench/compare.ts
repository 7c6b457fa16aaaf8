export interface Contender {
  readonly name: string;
  /** One round: how much was done in a second. */
  readonly measure: () => Promise<number>;
}

export interface Comparison {
  readonly name: string;
  readonly unit: string;
  readonly subject: { readonly name: string; readonly rate: number };
  readonly against: { readonly name: string; readonly rate: number };
  /** Subject to what it is measured against. */
  readonly ratio: number;
  /** The least ratio that is accepted; undefined where it is only to be known. */
  readonly atLeast: number | undefined;
}

/** Rounds that warm up and are thrown away. */
export const WARM_UP_ROUNDS = 2;

/**
 * Measures two in turn, round by round, each first in every other round. What else the machine does
 * meets both, and differs from round to round more than they do: so it is the ratio of each round
 * that is taken, and of those the median.
 */
export async function compare(
  options: {
    readonly name: string;
    readonly unit: string;
    readonly atLeast?: number;
    readonly rounds: number;
    readonly onProgress: (message: string) => void;
  },
  subject: Contender,
  against: Contender,
): Promise<Comparison> {
  const { name, unit, atLeast, rounds, onProgress } = options;
  const seen: { subject: number; against: number }[] = [];
  for (let round = 1 - WARM_UP_ROUNDS; round <= rounds; round++) {
    const rates = { subject: 0, against: 0 };
    const turns = [
      ['subject', subject],
      ['against', against],
    ] as const;
    for (const [side, contender] of round % 2 === 0 ? turns.toReversed() : turns) {
      rates[side] = await contender.measure();
      const label = round < 1 ? 'warm-up' : `round ${round} of ${rounds}`;
      onProgress(`${name}, ${label}: ${contender.name} ${rateText(rates[side])} ${unit}`);
    }
    if (round >= 1) seen.push(rates);
  }
  return {
    name,
    unit,
    subject: { name: subject.name, rate: median(seen.map((rates) => rates.subject)) },
    against: { name: against.name, rate: median(seen.map((rates) => rates.against)) },
    ratio: median(seen.map((rates) => rates.subject / rates.against)),
    atLeast,
  };
}

/** Whole numbers, but of what takes seconds two digits. */
export function rateText(rate: number): string {
  return rate < 10 ? rate.toPrecision(2) : rate.toFixed(0);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error('nothing was measured');
  return (low + high) / 2;
}
