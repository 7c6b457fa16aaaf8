import type { Manifest, ManifestSet } from '../manifest.js';
import { named } from '../manifest.js';
import { brokenRules } from '../policy/index.js';
import type { ClusterClient } from './cluster-client.js';
import type { Stages } from './deployable.js';

/** A new cluster of databases, from its volumes to its last standby. */
const DATABASES_MS = 15 * 60_000;
const REDIS_MS = 5 * 60_000;
/** Above activeDeadlineSeconds of the Job, which then says so itself. */
const MIGRATION_MS = 16 * 60_000;
/** Of every pod, one after another, with the time that it takes to start and to stop. */
const ROLLOUT_MS = 20 * 60_000;

const SERVICE = 'deployment/messages';

type Say = (message: string) => void;

/** @throws Error with each rule that does not hold */
export function refuseBroken(set: ManifestSet): void {
  const broken = brokenRules(set).flatMap(({ faults }) => faults);
  if (broken.length > 0) throw new Error(`${set.overlay} breaks the policy:\n${broken.join('\n')}`);
}

/**
 * Applies an overlay in steps, each waited for: what the service stands on, the migrations, then the
 * service. Whatever fails leaves the pods that serve as they are.
 */
export async function deploy(stages: Stages, client: ClusterClient, say: Say): Promise<void> {
  const { foundation, migration, service } = stages;
  say(`applying ${foundation.length} manifests that the service stands on`);
  await client.apply(foundation);
  for (const { metadata } of foundation.filter(ofKind('Cluster'))) {
    say(`waiting for the databases of ${metadata.name}`);
    await client.waitFor(`clusters.postgresql.cnpg.io/${metadata.name}`, 'Ready', DATABASES_MS);
  }
  for (const { metadata } of foundation.filter(ofKind('StatefulSet'))) {
    say(`waiting for ${metadata.name}`);
    await client.rolledOut(`statefulset/${metadata.name}`, REDIS_MS);
  }
  await migrate(migration, client, say);
  say(`rolling out ${service.map(named).join(', ')}`);
  await client.apply(service);
  await client.rolledOut(SERVICE, ROLLOUT_MS);
  say('deployed');
}

/**
 * Goes back to the version before, if it is `image` that is deployed: a deployment that failed before
 * its rollout has left nothing to undo. The version before runs on the schema of this one.
 *
 * @returns whether there was anything to undo
 */
export async function undo(image: string, client: ClusterClient, say: Say): Promise<boolean> {
  const deployed = await client.imageOf(SERVICE);
  if (deployed !== image) {
    say(`nothing to undo: ${deployed ?? 'nothing'} is deployed`);
    return false;
  }
  say('going back to the version before');
  await client.undo(SERVICE);
  await client.rolledOut(SERVICE, ROLLOUT_MS);
  return true;
}

async function migrate(job: Manifest, client: ClusterClient, say: Say): Promise<void> {
  const target = `job/${job.metadata.name}`;
  say(`migrating (${target})`);
  // Migrations may be repeated, a Job may not: one of the same name would not run again.
  await client.delete(target);
  await client.apply([job]);
  // kubectl waits for one condition, and would wait for success long after the failure.
  const ended = new AbortController();
  const until = (condition: string) =>
    client.waitFor(target, condition, MIGRATION_MS, ended.signal).then(() => condition);
  try {
    const outcome = await Promise.race([until('complete'), until('failed')]);
    if (outcome === 'complete') return;
  } finally {
    ended.abort();
  }
  const logs = await client.logs(target).catch((error: unknown) => String(error));
  throw new Error(`the migration failed:\n${logs}`);
}

function ofKind(kind: string) {
  return (manifest: Manifest) => manifest.kind === kind;
}
