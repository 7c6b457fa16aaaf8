import { createRequire } from 'node:module';
import { TestEnvironment } from 'jest-environment-node';

/** Node's own require, for what Jest on Node 20 cannot load (the .cjs files here). */
export default class extends TestEnvironment {
  constructor(...args) {
    super(...args);
    this.global.nodeRequire = createRequire(import.meta.url);
  }
}
