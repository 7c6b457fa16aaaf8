import type { RedisClient } from './redis-client.js';

/**
 * Which run of which server answers, and as which master. Whatever a server may have lost has
 * changed it: a restart, perhaps from an old dump, the run; a replica's promotion the replication.
 *
 * @throws Error if it is no master, or still loads its data
 */
export async function askIdentity(client: RedisClient): Promise<string> {
  const sections = ['server', 'replication', 'persistence'].map((section) => client.info(section));
  const info = (await Promise.all(sections)).join('\n');
  const field = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const [run, role] = [field('run_id'), field('role')];
  if (run === undefined) throw new Error('the server does not tell its run_id');
  if (role !== 'master') throw new Error(`the server is no master but a ${role}`);
  if (field('loading') === '1') throw new Error('the server still loads its data');
  return `${run}-${field('master_replid') ?? ''}`;
}
