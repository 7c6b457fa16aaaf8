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
  /** The least ratio that is accepted. */
  readonly atLeast: number;
}

/**
 * Measures two in turn, round by round, so that what else the machine does meets both; of each the
 * median counts. The first round warms up and is thrown away.
 */
export async function compare(
  options: {
    readonly name: string;
    readonly unit: string;
    readonly atLeast: number;
    readonly rounds: number;
    readonly onProgress: (message: string) => void;
  },
  subject: Contender,
  against: Contender,
): Promise<Comparison> {
  const { name, unit, atLeast, rounds, onProgress } = options;
  const rates = new Map<Contender, number[]>([
    [subject, []],
    [against, []],
  ]);
  for (let round = 0; round <= rounds; round++) {
    for (const [contender, seen] of rates) {
      const rate = await contender.measure();
      if (round > 0) seen.push(rate);
      const label = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
      onProgress(`${name}, ${label}: ${contender.name} ${rateText(rate)} ${unit}`);
    }
  }
  const [a, b] = [median(rates.get(subject) ?? []), median(rates.get(against) ?? [])];
  return {
    name,
    unit,
    subject: { name: subject.name, rate: a },
    against: { name: against.name, rate: b },
    ratio: a / b,
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
