import type { Comparison } from './compare.js';
import type { BenchCluster } from './database.js';

export interface SuiteContext {
  readonly cluster: BenchCluster;
  /** Rounds of each comparison, and the seconds of each. */
  readonly rounds: number;
  readonly seconds: number;
  readonly onProgress: (message: string) => void;
}

/** Measurements that belong together; each sets up what it needs on the cluster. */
export interface Suite {
  readonly name: string;
  readonly measures: string;
  readonly run: (context: SuiteContext) => Promise<Comparison[]>;
}
