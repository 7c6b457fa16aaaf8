import { migrate } from '../../src/database/index.js';
import { startServer } from '../../src/server.js';
import { TestDatabases } from './databases.js';

/** A service on databases of its own, listening on a free port of loopback. */
export interface TestService extends AsyncDisposable {
  readonly url: string;
  readonly managementUrl: string;
  readonly databases: TestDatabases;
}

export async function startService(overrides: NodeJS.ProcessEnv = {}): Promise<TestService> {
  const databases = await TestDatabases.create();
  const config = databases.config(overrides);
  await migrate(config.database, () => undefined);
  const server = await startServer(config);
  return {
    url: server.url,
    managementUrl: server.managementUrl,
    databases,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await databases[Symbol.asyncDispose]();
    },
  };
}
