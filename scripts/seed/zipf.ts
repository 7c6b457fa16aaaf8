/** Draws ranks 0 to `count` - 1; rank r comes up 1 / (r + 1)^exponent as often as rank 0. */
export class ZipfDistribution {
  private readonly cumulative: Float64Array;

  constructor(count: number, exponent = 1) {
    this.cumulative = new Float64Array(count);
    let sum = 0;
    for (let rank = 0; rank < count; rank++) {
      sum += 1 / (rank + 1) ** exponent;
      this.cumulative[rank] = sum;
    }
  }

  /** @param random at least 0, below 1 */
  rankAt(random: number): number {
    const target = random * (this.cumulative.at(-1) ?? 0);
    let low = 0;
    let high = this.cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.cumulative[middle] ?? Infinity) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
