import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PrismaClient } from '../generated/client.js';
import type { ServerReport } from '../servers/server-monitor.js';
import { Replica, ReplicaLostError } from './replica.js';
import { type LeftOut, ReplicaSet } from './replica-set.js';

const MAX_LAG_MS = 10_000;
/** Choosing asks nothing of a server. */
const noClient = {} as PrismaClient;

let now: number;
let fast: Replica;
let slow: Replica;
let set: ReplicaSet;
let changes: [string, LeftOut | undefined][];

beforeEach(() => {
  now = 0;
  changes = [];
  fast = new Replica('fast', noClient);
  slow = new Replica('slow', noClient);
  set = new ReplicaSet(
    [fast, slow],
    MAX_LAG_MS,
    ({ name }, leftOut) => changes.push([name, leftOut]),
    () => now,
  );
});

const at = (lsn: bigint, timeline = 1) => ({ timeline, lsn });

function report(lsn: bigint, more: Partial<ServerReport> = {}): ServerReport {
  return { standby: true, position: at(lsn), receivedLsn: lsn, receiving: true, ...more };
}

function replicaIs(replica: Replica, lsn: bigint, more: Partial<ServerReport> = {}): void {
  set.listenerOf(replica).reported(report(lsn, more));
}

function primaryIs(lsn: bigint, timeline = 1): void {
  set.primaryListener.reported(report(lsn, { standby: false, position: at(lsn, timeline) }));
}

/** Both in turn, so that no test passes because of whose turn it is. */
function chosen(needed = at(0n), except?: Replica): Set<string | undefined> {
  return new Set(Array.from({ length: 4 }, () => set.choose(needed, except)?.name));
}

describe(ReplicaSet.name, () => {
  it('chooses nobody before anybody has answered', () => {
    expect(chosen()).toEqual(new Set([undefined]));
  });

  it('takes turns among those that have replayed what is needed', () => {
    replicaIs(fast, 200n);
    replicaIs(slow, 100n);
    expect(chosen(at(100n))).toEqual(new Set(['fast', 'slow']));
  });

  it('goes on needing a position while only one of the replicas has reached it', () => {
    // gitlab-org/gitlab#413203: it was forgotten once one had.
    replicaIs(fast, 200n);
    replicaIs(slow, 100n);
    expect(chosen(at(150n))).toEqual(new Set(['fast']));
    expect(chosen(at(150n))).toEqual(new Set(['fast']));
    replicaIs(slow, 150n);
    expect(chosen(at(150n))).toEqual(new Set(['fast', 'slow']));
  });

  it('never chooses one that was lost after it had caught up', () => {
    // gitlab-org/gitlab!49294: hosts changed between the check and the choice.
    replicaIs(fast, 200n);
    replicaIs(slow, 100n);
    set.listenerOf(fast).lost(new Error('gone'));
    expect(chosen(at(150n))).toEqual(new Set([undefined]));
    expect(chosen(at(100n))).toEqual(new Set(['slow']));
  });

  it('chooses the least loaded', () => {
    replicaIs(fast, 200n);
    replicaIs(slow, 200n);
    fast.load = 3;
    slow.load = 2;
    expect(chosen()).toEqual(new Set(['slow']));
  });

  it('leaves out the one that has just failed', () => {
    replicaIs(fast, 200n);
    replicaIs(slow, 200n);
    expect(chosen(at(0n), slow)).toEqual(new Set(['fast']));
  });

  it('leaves out a replica that lags too long, and takes it back once it has caught up', () => {
    primaryIs(100n);
    replicaIs(slow, 100n);
    primaryIs(200n);
    now = MAX_LAG_MS;
    replicaIs(slow, 150n);
    expect(set.leftOut(slow)).toBeUndefined();
    now = MAX_LAG_MS + 1;
    expect(set.leftOut(slow)).toBe('lagging');
    expect(chosen()).toEqual(new Set([undefined]));
    replicaIs(slow, 200n);
    expect(chosen()).toEqual(new Set(['slow']));
  });

  it('leaves out a replica that is broken off only once the primary has moved on', () => {
    primaryIs(100n);
    replicaIs(slow, 100n, { receiving: false });
    now = 1;
    primaryIs(100n);
    expect(set.leftOut(slow)).toBeUndefined();
    primaryIs(101n);
    expect(set.leftOut(slow)).toBe('broken off');
    replicaIs(slow, 101n);
    expect(set.leftOut(slow)).toBeUndefined();
  });

  it('keeps replicas that have all there is while the primary is away', () => {
    primaryIs(100n);
    primaryIs(200n);
    replicaIs(fast, 150n);
    replicaIs(slow, 100n);
    set.primaryListener.lost(new Error('gone'));
    replicaIs(fast, 150n, { receiving: false });
    now = MAX_LAG_MS + 1;
    replicaIs(fast, 150n, { receiving: false });
    replicaIs(slow, 100n, { receivedLsn: 150n });
    expect(set.leftOut(fast)).toBeUndefined();
    expect(set.leftOut(slow)).toBe('lagging');
  });

  it('does not take a position of the old timeline for one of the new', () => {
    primaryIs(100n, 2);
    replicaIs(slow, 500n);
    expect(set.leftOut(slow)).toBe('on an old timeline');
    set.primaryListener.lost(new Error('gone'));
    expect(chosen(at(100n, 2))).toEqual(new Set([undefined]));
    replicaIs(slow, 500n, { position: at(500n, 2) });
    expect(chosen(at(100n, 2))).toEqual(new Set(['slow']));
  });

  it('leaves out a server that is no standby any more', () => {
    replicaIs(fast, 100n, { standby: false });
    expect(set.leftOut(fast)).toBe('no standby');
  });

  it('says each change once', () => {
    replicaIs(fast, 100n);
    replicaIs(fast, 101n);
    set.listenerOf(fast).lost(new Error('gone'));
    set.listenerOf(fast).lost(new Error('still gone'));
    replicaIs(fast, 102n);
    expect(changes).toEqual([
      ['fast', undefined],
      ['fast', 'not answering'],
      ['fast', undefined],
    ]);
  });
});

describe(Replica.name, () => {
  it('gives up what is under way once it is found not to answer', async () => {
    const hanging = fast.whileAnswering(new Promise(() => undefined));
    set.listenerOf(fast).lost(new Error('no answer'));
    await expect(hanging).rejects.toBeInstanceOf(ReplicaLostError);
  });

  it('hands over what comes in time', async () => {
    await expect(fast.whileAnswering(Promise.resolve('page'))).resolves.toBe('page');
    await expect(fast.whileAnswering(Promise.reject(new Error('bad')))).rejects.toThrow('bad');
  });
});
