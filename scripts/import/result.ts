/** The line of JSON on stdout with which a command ends. */
export function resultLine(counts: Record<string, number>, rows: number, startedAt: number) {
  const seconds = (performance.now() - startedAt) / 1000;
  return `${JSON.stringify({
    ...counts,
    seconds: Number(seconds.toFixed(3)),
    rows_per_second: Math.round(rows / Math.max(seconds, 0.001)),
    peak_memory_mib: Math.round(process.resourceUsage().maxRSS / 1024),
  })}\n`;
}
