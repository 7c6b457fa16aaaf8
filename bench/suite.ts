import type { Comparison } from './compare.js';
import type { BenchCluster } from './database.js';
import type { BenchService, Program } from './service.js';

/** Something to be known that is compared with nothing. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export type Finding = Comparison | Figure;

export interface SuiteContext {
  readonly cluster: BenchCluster;
  /** Starts what is measured, with the Node to measure with. */
  readonly start: (program: Program, env: NodeJS.ProcessEnv) => Promise<BenchService>;
  /** Rounds of each comparison, and the seconds of each. */
  readonly rounds: number;
  readonly seconds: number;
  readonly onProgress: (message: string) => void;
}

/** Measurements that belong together; each sets up what it needs on the cluster. */
export interface Suite {
  readonly name: string;
  readonly measures: string;
  readonly run: (context: SuiteContext) => Promise<readonly Finding[]>;
}
