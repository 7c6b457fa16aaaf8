import { compare } from '../compare.js';
import { connectedTo } from '../database.js';
import { requestsPerSecond } from '../load.js';
import type { BenchService } from '../service.js';
import type { Suite } from '../suite.js';

const TAGS = 1_000;
const MESSAGES = 100_000;
const CONNECTIONS = 32;

export const counting: Suite = {
  name: 'counting',
  measures: 'what it costs an insert that it is counted',
  async run({ cluster, start, rounds, seconds, onProgress }) {
    const database = (name: string) =>
      cluster.database(name, { messages: MESSAGES, tags: TAGS }, onProgress);
    const countedEnv = await database('bench_counted');
    const uncountedEnv = await database('bench_uncounted');
    await dropTriggers(uncountedEnv);
    await using counted = await start('service', countedEnv);
    await using uncounted = await start('service', uncountedEnv);
    const post = (name: string, { url }: BenchService) => ({
      name,
      measure: () =>
        requestsPerSecond(url, { kind: 'post', tags: TAGS, connections: CONNECTIONS, seconds }),
    });
    const name = `inserts that are counted, ${CONNECTIONS} connections`;
    return [
      await compare(
        { name, unit: 'requests/s', atLeast: 0.8, rounds, onProgress },
        post('counted', counted),
        post('triggers dropped', uncounted),
      ),
    ];
  },
};

async function dropTriggers(env: NodeJS.ProcessEnv): Promise<void> {
  await using client = await connectedTo(env);
  await client.query('DROP TRIGGER count_inserted ON messages');
}
