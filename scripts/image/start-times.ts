import { RunningService, type Start } from './service.js';

/**
 * How long a service takes from its start to its first answer, for two ways of starting it, taken in
 * turns so that what else the machine does falls on both.
 *
 * @returns the medians, in milliseconds
 */
export async function medianStarts(
  ways: readonly [Start, Start],
  env: NodeJS.ProcessEnv,
  rounds: number,
): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  // The first round only fills the caches of the file system.
  for (let round = 0; round <= rounds; round++) {
    for (const [index, start] of ways.entries()) {
      await using service = await RunningService.start(start, env);
      if (round > 0) times[index as 0 | 1].push(service.startMs);
    }
  }
  return [median(times[0]), median(times[1])];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
