import { randomBytes } from 'node:crypto';
import { Asker, SmokeError } from './ask.js';
import { type SmokeNotes, type SmokeTarget, STEPS } from './steps.js';

export interface SmokeOptions {
  readonly url: URL;
  readonly managementUrl?: URL;
  readonly token?: string;
  /** For each request. */
  readonly deadlineMs: number;
}

export interface StepResult {
  readonly step: string;
  readonly outcome: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
}

/**
 * Uses a running service as its users do. What it leaves behind are two messages under a tag of its
 * own. A step that fails does not keep the others from being tried.
 *
 * @param report told of each step when it has ended
 */
export async function smoke(
  { url, managementUrl, token, deadlineMs }: SmokeOptions,
  report: (result: StepResult) => void,
): Promise<StepResult[]> {
  const target: SmokeTarget = {
    api: new Asker(url, deadlineMs),
    management: managementUrl && new Asker(managementUrl, deadlineMs),
    token,
    deadlineMs,
  };
  const notes: SmokeNotes = { tag: `smoke-${randomBytes(6).toString('hex')}`, posted: [] };
  const results: StepResult[] = [];
  for (const { name, skip, run } of STEPS) {
    const reason = skip?.(target, notes);
    const result: StepResult =
      reason === undefined
        ? await run(target, notes).then(
            (detail) => ({ step: name, outcome: 'ok', detail }),
            (error: unknown) => ({ step: name, outcome: 'failed', detail: describe(error) }),
          )
        : { step: name, outcome: 'skipped', detail: reason };
    report(result);
    results.push(result);
  }
  return results;
}

/** What is not a SmokeError comes of an answer that has another shape than was promised. */
function describe(error: unknown): string {
  if (error instanceof SmokeError) return error.message;
  return `an answer is not what was promised: ${error instanceof Error ? error.message : String(error)}`;
}
