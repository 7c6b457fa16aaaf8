import { errorCode } from './file-tree.js';
import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/*
 * What the operating system says about processes. Linux answers from /proc, because slim images
 * have no `ps`; elsewhere `ps` is asked.
 */

const onLinux = process.platform === 'linux';

/** Whether the process runs. One that has ended but that nobody has reaped (a zombie) does not. */
export async function isAlive(pid: number): Promise<boolean> {
  if (onLinux) {
    const state = (await statFields(pid))?.[0];
    return state !== undefined && state !== 'Z' && state !== 'X';
  }
  const state = await ps('stat=', pid);
  return state !== '' && !state.startsWith('Z');
}

/** Tells apart two processes that have had the same pid; undefined when there is no such process. */
export async function startTime(pid: number): Promise<string | undefined> {
  if (onLinux) return (await statFields(pid))?.[19];
  return (await ps('lstart=', pid)) || undefined;
}

/** Whether this argument is on the command line of the process. */
export async function hasArgument(pid: number, argument: string): Promise<boolean> {
  if (!onLinux) return ` ${await ps('command=', pid)} `.includes(` ${argument} `);
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return line.split('\0').includes(argument);
}

export async function childrenOf(parent: number): Promise<number[]> {
  if (onLinux) {
    return filterPids(async (pid) => (await statFields(pid))?.[1] === String(parent));
  }
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([pid, ppid]) => (ppid === parent && pid ? [pid] : []));
}

/**
 * The PostgreSQL processes that work in this data directory. They all stand in it, and their titles
 * do not name it. Only Linux can tell; elsewhere the answer is empty.
 */
export async function serverProcessesIn(dataDir: string): Promise<number[]> {
  if (!onLinux) return [];
  return filterPids(async (pid) => {
    const [folder, program] = await Promise.all(
      ['cwd', 'exe'].map((name) => readlink(`/proc/${pid}/${name}`).catch(() => '')),
    );
    if (folder !== dataDir || !program || !(await isAlive(pid))) return false;
    return path.basename(program).startsWith('postgres');
  });
}

/** Sends the signal; a process that has just ended is none to worry about. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

/** The fields of /proc/<pid>/stat after the name, which may itself hold spaces and brackets. */
async function statFields(pid: number): Promise<string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

async function filterPids(keep: (pid: number) => Promise<boolean>): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const kept = await Promise.all(pids.map(keep));
  return pids.filter((_, index) => kept[index]);
}

async function ps(column: string, pid: number): Promise<string> {
  const asked = promisify(execFile)('ps', ['-o', column, '-p', String(pid)]);
  return asked.then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
}
