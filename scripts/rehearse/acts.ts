import type { Stage } from './stage.js';
import type { Tally } from './tally.js';

export interface Act {
  readonly name: string;
  /** What befalls the service; returns when it has been overcome. `hold` lasts a while. */
  readonly play: (stage: Stage, hold: () => Promise<void>) => Promise<void>;
  /** Whether POSTs may be answered 503 meanwhile, and be repeated. */
  readonly mayRefusePosts: boolean;
}

export const ACTS: readonly Act[] = [
  {
    name: 'nothing happens',
    play: (_, hold) => hold(),
    mayRefusePosts: false,
  },
  {
    name: 'rolling restart',
    play: async (stage, hold) => {
      for (const index of stage.processes.keys()) {
        await stage.restartProcess(index);
        await hold();
      }
    },
    mayRefusePosts: false,
  },
  {
    name: 'a replica is lost',
    play: async (stage, hold) => {
      const { replica } = stage.shard(0);
      await replica.kill('SIGKILL', { withBackends: true });
      await hold();
      await replica.start();
      await stage.untilWell();
      await hold();
    },
    mayRefusePosts: false,
  },
  {
    name: 'a primary restarts',
    play: async (stage, hold) => {
      const { primary } = stage.shard(1);
      await primary.stop('fast');
      await hold();
      await primary.start();
      await stage.untilWell();
      await hold();
    },
    mayRefusePosts: true,
  },
  {
    name: 'Redis is lost',
    play: async (stage, hold) => {
      await stage.redis.kill();
      await hold();
      await stage.redis.launch();
      await stage.untilWell();
      await hold();
    },
    mayRefusePosts: false,
  },
];

/** The promises that an act has broken, each with what broke it. */
export function brokenPromises({ mayRefusePosts }: Act, tally: Tally): string[] {
  return [
    ...tally.failedReads.map((what) => `no GET fails: ${what}`),
    ...tally.stale.map((what) => `an acknowledged message shows: ${what}`),
    ...tally.lost.map((what) => `no POST is lost: ${what}`),
    ...(mayRefusePosts ? [] : tally.repeated.map((what) => `no POST fails: ${what}`)),
  ];
}
