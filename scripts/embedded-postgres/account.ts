import { readFile } from 'node:fs/promises';

/** The operating-system account that the PostgreSQL programs run under. */
export interface Account {
  readonly name: string;
  /** Only set when it is not the account of this process; also what `spawn` and `chown` need. */
  readonly switchTo?: { readonly uid: number; readonly gid: number };
}

/**
 * PostgreSQL refuses to run as root, and initdb needs a passwd entry for whoever runs it. So an
 * ordinary user runs it as itself, and root hands it to an unprivileged account of the machine:
 * `postgres` where that exists, else `nobody`.
 */
export async function serverAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return { name: 'self' };
  const passwd = await readFile('/etc/passwd', 'utf8');
  for (const name of ['postgres', 'nobody']) {
    const entry = findEntry(passwd, name);
    if (entry) return { name, switchTo: entry };
  }
  throw new Error(
    'PostgreSQL does not run as root, and /etc/passwd has neither "postgres" nor "nobody"; ' +
      'start this as an ordinary user',
  );
}

function findEntry(passwd: string, name: string): Account['switchTo'] {
  for (const line of passwd.split('\n')) {
    const [entryName, , uid, gid] = line.split(':');
    if (entryName === name && Number(uid) !== 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}
