/**
 * Why a server cannot be reached, in one line. An error of TLS holds the server's whole certificate,
 * one of a name with several addresses holds an error for each and has no message of its own.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  const { message, code, cause } = error as NodeJS.ErrnoException;
  const reason = message || code || error.name;
  return cause === undefined ? reason : `${reason}: ${reasonOf(cause)}`;
}
