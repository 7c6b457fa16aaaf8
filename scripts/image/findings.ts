/** Tells of each thing that was looked at, and remembers whether one of them was wrong. */
export class Findings {
  private failed = 0;

  constructor(private readonly print: (line: string) => void) {}

  get allRight(): boolean {
    return this.failed === 0;
  }

  /** @param detail what was found, right or wrong */
  check(what: string, right: boolean, detail: string): void {
    if (!right) this.failed++;
    this.print(`${(right ? 'ok' : 'FAILED').padEnd(8)}${what.padEnd(24)}${detail}`);
  }
}
