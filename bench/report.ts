import { availableParallelism, cpus } from 'node:os';
import { type Comparison, rateText } from './compare.js';

/** A line for each comparison: rates, their ratio, and whether it is what it has to be. */
export function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ name, unit, subject, against, ratio, atLeast }) => [
    name,
    `${subject.name}: ${rateText(subject.rate)} ${unit}`,
    `${against.name}: ${rateText(against.rate)} ${unit}`,
    ratio.toFixed(2),
    atLeast.toFixed(2),
    ratio >= atLeast ? 'reached' : 'MISSED',
  ]);
  const lines = [['measurement', 'subject', 'against', 'ratio', 'at least', ''], ...rows];
  const widths = lines[0]?.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

export function report(comparisons: readonly Comparison[]): string {
  const machine = {
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    node: process.versions.node,
  };
  const at = new Date().toISOString();
  return `${JSON.stringify({ at, machine, comparisons }, undefined, 2)}\n`;
}
