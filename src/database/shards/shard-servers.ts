import { Logger } from '@nestjs/common';
import type { DatabaseConfig, ShardConfig } from '../../config/index.js';
import { Primary } from '../replicas/primary.js';
import { replicaRouting } from '../replicas/replica-routing.extension.js';
import { Replica } from '../replicas/replica.js';
import { type LeftOut, ReplicaSet, type ServerState } from '../replicas/replica-set.js';
import { MESSAGES, PAGES } from '../reads/pages.statement.js';
import { connect } from '../servers/connect.js';
import { ServerMonitor } from '../servers/server-monitor.js';
import { INSERT_KEYED_MESSAGES, INSERT_MESSAGES } from '../writes/insert.statement.js';
import { WRITTEN_POSITION } from '../writes/position.statement.js';

const READS = [PAGES, MESSAGES];
const WRITES = [INSERT_MESSAGES, INSERT_KEYED_MESSAGES, WRITTEN_POSITION];

/** The servers of a shard: connections to each, and a monitor that knows how far it is. */
export class ShardServers {
  private readonly primary: Primary;
  private readonly replicas: ReplicaSet;
  private readonly monitors: readonly ServerMonitor[];

  constructor(shard: ShardConfig, config: DatabaseConfig) {
    this.primary = new Primary(
      connect(shard.primaryUrl, config, { hot: [...READS, ...WRITES], onlyPrimary: true }),
    );
    const { timeoutMs, maxLagMs, pollIntervalMs } = config.replicas;
    const limits = {
      poolSize: config.poolSize,
      connectTimeoutMs: timeoutMs,
      statementTimeoutMs: timeoutMs,
    };
    const replicas = shard.replicaUrls.map(
      (url, index) =>
        new Replica(`replica ${index}`, connect(url, limits, { hot: READS, onlyPrimary: false })),
    );
    const logger = new Logger(ShardServers.name);
    this.replicas = new ReplicaSet(replicas, maxLagMs, ({ name }, leftOut) =>
      logChange(logger, `${name} of shard ${shard.name}`, leftOut),
    );
    const options = { intervalMs: pollIntervalMs, timeoutMs };
    this.monitors = [
      new ServerMonitor(shard.primaryUrl, options, this.replicas.primaryListener),
      ...replicas.map((replica, index) => {
        const url = shard.replicaUrls[index] as string;
        return new ServerMonitor(url, options, this.replicas.listenerOf(replica));
      }),
    ];
  }

  /** The primary's client, with the replicas behind `$replica` and `$route`. */
  client() {
    return this.primary.client.$extends(replicaRouting(this.primary, this.replicas));
  }

  states(): ServerState[] {
    return this.replicas.servers();
  }

  /** Resolves once every server has been asked how far it is, whether it answered or not. */
  async start(): Promise<void> {
    await Promise.all(this.monitors.map((monitor) => monitor.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.monitors.map((monitor) => monitor.stop()));
    const clients = [this.primary.client, ...this.replicas.replicas.map(({ client }) => client)];
    await Promise.all(clients.map((client) => client.$disconnect()));
  }
}

function logChange(logger: Logger, replica: string, leftOut: LeftOut | undefined): void {
  if (leftOut) logger.warn(`${replica} is left out: ${leftOut}`);
  else logger.log(`${replica} takes reads`);
}
