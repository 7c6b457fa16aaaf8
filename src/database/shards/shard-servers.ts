import { Logger } from '@nestjs/common';
import type { DatabaseConfig, ShardConfig } from '../../config/index.js';
import { Primary } from '../replicas/primary.js';
import { replicaRouting } from '../replicas/replica-routing.extension.js';
import { Replica } from '../replicas/replica.js';
import { type LeftOut, ReplicaSet, type ServerState } from '../replicas/replica-set.js';
import { MESSAGES, PAGES } from '../reads/pages.statement.js';
import { connect, type Connections } from '../servers/connect.js';
import { ServerMonitor } from '../servers/server-monitor.js';
import { INSERT_KEYED_MESSAGES, INSERT_MESSAGES } from '../writes/insert.statement.js';
import { WRITTEN_POSITION } from '../writes/position.statement.js';
import type { ServerMeasures, ShardMeasures } from './shard-measures.js';

const READS = [PAGES, MESSAGES];
const WRITES = [INSERT_MESSAGES, INSERT_KEYED_MESSAGES, WRITTEN_POSITION];

/** The servers of a shard: connections to each, and a monitor that knows how far it is. */
export class ShardServers {
  private readonly primary: Primary;
  private readonly replicas: ReplicaSet;
  private readonly monitors: readonly ServerMonitor[];
  /** Those of the primary first. */
  private readonly connections: readonly [Connections, ...Connections[]];

  constructor(shard: ShardConfig, config: DatabaseConfig) {
    const toPrimary = connect(shard.primaryUrl, config, {
      hot: [...READS, ...WRITES],
      onlyPrimary: true,
    });
    this.primary = new Primary(toPrimary.client);
    const { timeoutMs, maxLagMs, pollIntervalMs } = config.replicas;
    const limits = {
      poolSize: config.poolSize,
      connectTimeoutMs: timeoutMs,
      statementTimeoutMs: timeoutMs,
    };
    const toReplicas = shard.replicaUrls.map((url) =>
      connect(url, limits, { hot: READS, onlyPrimary: false }),
    );
    this.connections = [toPrimary, ...toReplicas];
    const replicas = toReplicas.map(({ client }, index) => new Replica(`replica ${index}`, client));
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

  measures(): Pick<ShardMeasures, 'primary' | 'replicas'> {
    const [primary, ...replicas] = this.states().map((state, index) => {
      return { ...state, pool: (this.connections[index] as Connections).use() };
    });
    return { primary: primary as ServerMeasures, replicas };
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
