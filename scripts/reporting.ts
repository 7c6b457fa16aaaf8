/** Runs a command; an error becomes a message with its causes, and exit code 1. */
export async function reporting(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    process.stderr.write(`${withCauses(error)}\n`);
    return 1;
  }
}

function withCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message === '' ? error.name : error.message;
  return error.cause ? `${own}\n  because: ${withCauses(error.cause)}` : own;
}
