import { unlink } from 'node:fs/promises';
import path from 'node:path';
import { readIfPresent } from './file-tree.js';
import { childrenOf, hasArgument, isAlive, serverProcessesIn, signal } from './processes.js';
import { DeadlineError, waitUntil } from './wait-until.js';

const FAST_MS = 15_000;
const IMMEDIATE_MS = 10_000;
const KILL_MS = 5_000;

/**
 * Makes a data directory free for a new server, whatever became of the last one: its launcher was
 * killed and it still runs; it was killed and its backends still run; everything was killed and
 * only `postmaster.pid` is left. Answers with what had to be done, if anything.
 */
export async function clearLeftovers(dataDir: string): Promise<string | undefined> {
  const pid = await recordedPid(dataDir);
  let done: string | undefined;
  if (pid && (await isAlive(pid)) && (await hasArgument(pid, dataDir))) {
    await stopPostmaster(pid);
    done = `stopped a server left running by an earlier start (pid ${pid})`;
  } else if (pid && isSignallable(pid)) {
    // The number now belongs to another process (usual in containers, where numbers are low), and
    // PostgreSQL would take that one for a running server. A dead number it handles itself.
    await unlink(path.join(dataDir, 'postmaster.pid'));
    done = 'removed a stale postmaster.pid';
  }
  const backends = await serverProcessesIn(dataDir);
  if (backends.length > 0) {
    await endBackends(dataDir, backends);
    done = `ended ${backends.length} backends that had outlived their server`;
  }
  return done;
}

async function recordedPid(dataDir: string): Promise<number | undefined> {
  const text = await readIfPresent(path.join(dataDir, 'postmaster.pid'));
  const pid = Number.parseInt(text ?? '', 10);
  return pid > 0 ? pid : undefined;
}

async function stopPostmaster(pid: number): Promise<void> {
  // A frozen process would not hear of it.
  for (const process_ of [...(await childrenOf(pid)), pid]) signal(process_, 'SIGCONT');
  signal(pid, 'SIGINT');
  if (await isGone(pid, FAST_MS)) return;
  signal(pid, 'SIGQUIT');
  if (await isGone(pid, IMMEDIATE_MS)) return;
  signal(pid, 'SIGKILL');
  if (!(await isGone(pid, KILL_MS))) throw new Error(`cannot stop the server with pid ${pid}`);
}

/** They end by themselves once they notice that the postmaster is gone, unless they are frozen. */
async function endBackends(dataDir: string, backends: readonly number[]): Promise<void> {
  const allGone = async () => (await serverProcessesIn(dataDir)).length === 0;
  for (const pid of backends) signal(pid, 'SIGCONT');
  try {
    await waitUntil('backends to end', KILL_MS, allGone);
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    for (const pid of await serverProcessesIn(dataDir)) signal(pid, 'SIGKILL');
    await waitUntil(`killed backends in ${dataDir} to end`, KILL_MS, allGone);
  }
}

async function isGone(pid: number, deadlineMs: number): Promise<boolean> {
  try {
    return await waitUntil(`pid ${pid} to end`, deadlineMs, async () => !(await isAlive(pid)));
  } catch (error) {
    if (error instanceof DeadlineError) return false;
    throw error;
  }
}

function isSignallable(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
