import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { escapeIdentifier } from 'pg';
import { findBinaries, type Binaries } from './binaries.js';
import { createData, hasData } from './data-directory.js';
import { errorCode, readIfPresent, writePrivate } from './file-tree.js';
import { followPrimary } from './replica.js';
import { untilReplayed, withClient } from './replication.js';
import { PostgresServer, type ServerExit } from './server.js';
import { DEFAULT_SETTINGS, type Settings } from './settings.js';
import { openStorage, type Storage } from './storage.js';

export interface ShardOptions {
  readonly dir: string;
  /** Names the servers in logs and in `application_name`. */
  readonly name: string;
  readonly replicas?: number;
  /** The superuser's, used when the shard is created; made up when absent, and kept with the data. */
  readonly password?: string;
  /** Over the defaults, for all servers. */
  readonly settings?: Settings;
  /** Over `settings`, for replicas only: `recovery_min_apply_delay`. */
  readonly replicaSettings?: Settings;
  readonly onProgress?: (message: string) => void;
  readonly onUnexpectedExit?: (exit: ServerExit) => void;
  /** Found when absent; given where several shards share them. */
  readonly binaries?: Binaries;
}

/** One shard: a primary, and replicas that stream from it. */
export class ShardCluster {
  readonly name: string;
  readonly password: string;
  readonly primary: PostgresServer;
  readonly replicas: readonly PostgresServer[];
  readonly #shared: Shared;

  private constructor(shared: Shared) {
    const { options, password, settings } = shared;
    this.#shared = shared;
    this.name = options.name;
    this.password = password;
    this.primary = makeServer(shared, 'primary', settings);
    const ofReplicas = { ...settings, ...options.replicaSettings };
    this.replicas = Array.from({ length: options.replicas ?? 1 }, (_, index) =>
      makeServer(shared, `replica-${index}`, ofReplicas),
    );
  }

  /** Creates the shard on first use, and returns when every replica streams. */
  static async start(options: ShardOptions): Promise<ShardCluster> {
    const storage = await openStorage(options.dir);
    const binaries = options.binaries ?? (await findBinaries(storage));
    const passwordFile = path.join(storage.root, 'password');
    const password = await keepPassword(passwordFile, options.password, storage);
    const settings = { ...DEFAULT_SETTINGS, ...options.settings };
    const shared = { options, storage, binaries, password, passwordFile, settings };
    const shard = new ShardCluster(shared);
    try {
      await shard.recover();
    } catch (error) {
      await shard.stop('immediate').catch(() => undefined);
      throw error;
    }
    return shard;
  }

  /** Starts whatever does not run, and returns when every replica streams. Also after a fault. */
  async recover(): Promise<void> {
    const { options, storage, binaries, password, passwordFile, settings } = this.#shared;
    const onProgress = options.onProgress ?? (() => undefined);
    const durable = !['off', 'false'].includes(String(settings['fsync']));
    const primaryDir = path.join(storage.root, 'primary');
    if (!(await hasData(primaryDir))) {
      onProgress(`${this.primary.name}: creating`);
      await createData(primaryDir, { storage, binaries, passwordFile, durable });
    }
    if (!this.primary.running) await this.primary.start();
    onProgress(`${this.primary.name}: answers on port ${this.primary.port}`);
    const follow = async (replica: PostgresServer, index: number): Promise<void> => {
      const dir = path.join(storage.root, `replica-${index}`);
      const { primary } = this;
      const tools = { storage, binaries, password, durable, onProgress };
      await followPrimary({ dir, primary, replica, ...tools });
      onProgress(`${replica.name}: streams, and answers on port ${replica.port}`);
    };
    // Every one settles first, so that a caller who stops the shard stops all of them.
    throwFirst(await Promise.allSettled(this.replicas.map(follow)));
  }

  /** Waits until the replicas have applied everything that the primary has written so far. */
  async untilReplayed(deadlineMs = 30_000): Promise<void> {
    await untilReplayed(this.primary, this.replicas, deadlineMs);
  }

  /** Answers false, and does nothing, when there already is one of that name. */
  async createDatabase(name: string, template = 'template1'): Promise<boolean> {
    const sql = `CREATE DATABASE ${quote(name)} TEMPLATE ${quote(template)}`;
    try {
      await withClient(this.primary, (client) => client.query(sql));
      return true;
    } catch (error) {
      if (errorCode(error) === '42P04') return false;
      throw error;
    }
  }

  /** Also ends the connections to it; does nothing when there is none. */
  async dropDatabase(name: string): Promise<void> {
    const sql = `DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`;
    await withClient(this.primary, (client) => client.query(sql));
  }

  /** The replicas first: the primary would otherwise wait for them to receive its last WAL. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const replicas = await Promise.allSettled(this.replicas.map((replica) => replica.stop(mode)));
    const primary = await Promise.allSettled([this.primary.stop(mode)]);
    throwFirst([...replicas, ...primary]);
  }
}

interface Shared {
  readonly options: ShardOptions;
  readonly storage: Storage;
  readonly binaries: Binaries;
  readonly password: string;
  readonly passwordFile: string;
  readonly settings: Settings;
}

function makeServer(shared: Shared, role: string, settings: Settings): PostgresServer {
  const { options, storage, binaries, password } = shared;
  const server = new PostgresServer({
    name: `${options.name}-${role}`,
    dir: path.join(storage.root, role),
    storage,
    binaries,
    password,
    settings,
    onProgress: options.onProgress ?? (() => undefined),
  });
  if (options.onUnexpectedExit) server.on('unexpectedExit', options.onUnexpectedExit);
  return server;
}

/** The file decides once it is there, for the data beside it were made with its password. */
async function keepPassword(
  file: string,
  wanted: string | undefined,
  storage: Storage,
): Promise<string> {
  const kept = await readIfPresent(file);
  if (kept) return kept.trim();
  const password = wanted ?? randomBytes(24).toString('hex');
  await writePrivate(file, `${password}\n`, storage.account);
  return password;
}

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function quote(name: string): string {
  return escapeIdentifier(name);
}
