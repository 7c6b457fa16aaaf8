import { managementUrl } from './config/management-url.js';

/**
 * For container engines, which know a container's health by the exit code of a program in it:
 * 0 where the service's event loop turns, else 1. Kubernetes asks the management port itself.
 */
const DEADLINE_MS = 2_000;

async function check(): Promise<void> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const { status } = await fetch(new URL('/health/live', managementUrl()), { signal });
  if (status !== 200) throw new Error(`/health/live answers ${status}`);
}

check().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  },
);
