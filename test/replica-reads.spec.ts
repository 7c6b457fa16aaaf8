import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '../scripts/embedded-postgres/wait-until.js';
import { bucketOfTag } from '../src/messages/bucket.js';
import { get, post } from './harness/http.js';
import { startService, type TestService } from './harness/service.js';

const READS = 200;
const TAG = 'counted';
const DEADLINE_MS = 30_000;

let service: TestService;

beforeAll(async () => {
  service = await startService({ CACHE: 'off' });
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

const shard = bucketOfTag(TAG) < 2_048 ? 0 : 1;

/** Pages are the only readers of this index, and a page that is not full scans it once. */
const SCANS = `
SELECT idx_scan::integer AS scans
  FROM pg_stat_user_indexes
 WHERE indexrelname = 'messages_page_idx'`;

/** When the service last asked the replica how far it is. */
const LAST_ASKED = `
SELECT max(query_start) AS asked, clock_timestamp() AS now
  FROM pg_stat_activity
 WHERE application_name = 'messages-monitor' AND datname = current_database() AND state = 'idle'`;

interface LastAsked {
  readonly asked: Date;
  readonly now: Date;
}

const onReplica = () => service.databases.onReplica<LastAsked>(shard, LAST_ASKED);

async function untilServiceKnowsTheReplica(): Promise<void> {
  const [replayed] = await onReplica();
  if (!replayed) throw new Error('the replica does not answer');
  await waitUntil('the service to ask the replica again', DEADLINE_MS, async () => {
    const [last] = await onReplica();
    return last !== undefined && last.asked > replayed.now;
  });
}

describe('page reads', () => {
  it('all go to the replica while it does not lag, as PostgreSQL counts them', async () => {
    await post(service.url, { message: 'x', tag: TAG });
    await untilServiceKnowsTheReplica();
    for (let n = 0; n < READS; n++) {
      const { status, body } = await get(service.url, `/messages?tag=${TAG}`);
      expect(status).toBe(200);
      expect(body).toMatchObject([{ message: 'x' }]);
    }
    // A server counts what a connection did some seconds later.
    await waitUntil('the replica to have counted', DEADLINE_MS, async () => {
      const [counted] = await service.databases.onReplica<{ scans: number }>(shard, SCANS);
      return counted !== undefined && counted.scans >= READS;
    });
    expect(await service.databases.onReplica(shard, SCANS)).toEqual([{ scans: READS }]);
    expect(await service.databases.onPrimary(shard, SCANS)).toEqual([{ scans: 0 }]);
  });
});
