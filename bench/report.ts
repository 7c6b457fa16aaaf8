import { availableParallelism, cpus } from 'node:os';
import { type Comparison, rateText } from './compare.js';
import type { Finding } from './suite.js';

/** A line for each: rates, their ratio, and whether it is what it has to be; or just a figure. */
export function table(findings: readonly Finding[]): string {
  const lines = [
    ['measurement', 'subject', 'against', 'ratio', 'at least', ''],
    ...findings.map((finding) =>
      isComparison(finding)
        ? comparisonRow(finding)
        : [finding.name, `${rateText(finding.value)} ${finding.unit}`],
    ),
  ];
  const widths = lines[0]?.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join('  '))
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Comparisons whose ratio is less than it has to be. */
export function missed(findings: readonly Finding[]): Comparison[] {
  return findings
    .filter(isComparison)
    .filter(({ ratio, atLeast }) => atLeast !== undefined && ratio < atLeast);
}

/** @param node the version of the Node that was measured with */
export function report(findings: readonly Finding[], node: string): string {
  const machine = {
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    node,
  };
  const at = new Date().toISOString();
  const comparisons = findings.filter(isComparison);
  const figures = findings.filter((finding) => !isComparison(finding));
  return `${JSON.stringify({ at, machine, comparisons, figures }, undefined, 2)}\n`;
}

function isComparison(finding: Finding): finding is Comparison {
  return 'ratio' in finding;
}

function comparisonRow(comparison: Comparison): string[] {
  const { name, unit, subject, against, ratio, atLeast } = comparison;
  return [
    name,
    `${subject.name}: ${rateText(subject.rate)} ${unit}`,
    `${against.name}: ${rateText(against.rate)} ${unit}`,
    ratio.toFixed(2),
    ...(atLeast === undefined
      ? []
      : [atLeast.toFixed(2), missed([comparison]).length === 0 ? 'reached' : 'MISSED']),
  ];
}
