import { Gauge, type Registry } from 'prom-client';
import type { BuildConfig } from '../config/index.js';

/** A gauge that is always 1: what it tells is in its labels, to join other metrics with. */
export function tellBuild(registry: Registry, { version, revision }: BuildConfig): void {
  new Gauge({
    name: 'messages_build_info',
    help: 'Always 1; which build of the service this is, and on which Node it runs.',
    labelNames: ['version', 'revision', 'node'],
    registers: [registry],
  }).set({ version, revision, node: process.versions.node }, 1);
}
