import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { checkOverlays } from '../../scripts/kubernetes/check.js';
import { findKubectl } from '../../scripts/kubernetes/kubectl.js';
import type { ManifestSet } from '../../scripts/kubernetes/manifest.js';
import { brokenRules } from '../../scripts/kubernetes/policy/index.js';
import { overlayNames, renderOverlay } from '../../scripts/kubernetes/render.js';
import { schemaFaults } from '../../scripts/kubernetes/schema/schema.js';
import { all, drop, type Mutation, mutated, put } from './mutation.js';

const CONTAINER = 'spec/template/spec/containers/0';

/** What the schemas have to see, each in a manifest of its own, and a word of what they say. */
const MALFORMED: readonly (readonly [Mutation, string])[] = [
  [put('Deployment/messages', `${CONTAINER}/readinesProbe`, {}), 'readinesProbe'],
  [put('StatefulSet/messages-redis', `${CONTAINER}/ports/0/containerPort`, 'x'), 'containerPort'],
  [drop('Job/messages-migrate', 'spec/template'), 'template'],
  [put('NetworkPolicy/messages', 'spec/ingres', []), 'ingres'],
  [put('Service/messages', 'spec/ports/0/port', '80'), 'port'],
  [put('PodMonitor/messages-s0', 'spec/podMetricsEndpoint', []), 'podMetricsEndpoint'],
  [put('Cluster/messages-s0', 'spec/instance', 3), 'instance'],
  [put('Cluster/messages-s1', 'spec/postgresql/synchronous/method', 'all'), 'method'],
  [put('ScheduledBackup/messages-s0', 'spec/schedule', '0 2 * * *'), 'schedule'],
  [put('ObjectStore/messages-backups', 'spec/retentionPolicy', 'a month'), 'retentionPolicy'],
  [put('Ingress/messages', 'kind', 'Egress'), 'no schema'],
];

let production: ManifestSet;

beforeAll(async () => {
  production = await renderOverlay('production');
});

describe('npm run k8s:check', () => {
  it('finds nothing in any overlay', async () => {
    const { findings, overlays } = await checkOverlays();
    expect(findings).toEqual([]);
    expect(overlays).toEqual(['production', 'test']);
  });

  it('sees whatever Kubernetes would refuse or drop', async () => {
    const malformed = mutated(production, all(...MALFORMED.map(([mutation]) => mutation)));
    const faults = await schemaFaults(malformed);
    for (const [{ what }, word] of MALFORMED) {
      const [owner = ''] = what.split(' ');
      const said = faults.filter((fault) => fault.startsWith(owner) || fault.includes('no schema'));
      expect(said.join('\n')).toContain(word);
    }
    expect(faults).toHaveLength(MALFORMED.length);
  });
});

describe('a shard that is restored', () => {
  it('passes, as docs/production.md has it', async () => {
    const plugin = {
      name: 'barman-cloud.cloudnative-pg.io',
      parameters: { barmanObjectName: 'messages-backups', serverName: 'messages-s0' },
    };
    const recovery = {
      source: 'before',
      database: 'messages',
      owner: 'messages',
      recoveryTarget: { targetTime: '2026-01-01T12:00:00Z' },
    };
    const restored = mutated(
      production,
      all(
        put('Cluster/messages-s0', 'spec/bootstrap', { recovery }),
        put('Cluster/messages-s0', 'spec/externalClusters', [{ name: 'before', plugin }]),
      ),
    );
    expect(await schemaFaults(restored)).toEqual([]);
    expect(brokenRules(restored)).toEqual([]);
  });
});

describe('k8s/README.md', () => {
  it('says what is in each secret that a manifest refers to', async () => {
    const text = await readFile('k8s/README.md', 'utf8');
    const references = JSON.stringify(production.all).matchAll(
      /"(?:secretKeyRef|secret|accessKeyId|secretAccessKey)":(\{[^{}[\]]*(?:\[[^\]]*\])?[^{}]*\})/g,
    );
    const secrets = [...references].map(([, json]) => {
      const { name, secretName } = JSON.parse(json as string) as Record<string, string>;
      return name ?? secretName;
    });
    expect(new Set(secrets).size).toBeGreaterThan(5);
    for (const secret of secrets) expect(text).toContain(`\`${secret}\``);
  });
});

describe('kustomize', () => {
  it('gives each overlay a namespace of its own', async () => {
    const sets = await Promise.all((await overlayNames()).map(renderOverlay));
    const namespaces = sets.flatMap((set) => set.ofKind('Namespace'));
    expect(namespaces.map(({ metadata }) => metadata.name)).toEqual(['messages', 'messages-test']);
  });

  it('comes from the PATH, else from a package', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    try {
      const program = join(folder, 'kubectl');
      const unpacked = await findKubectl('');
      expect(unpacked).toContain('node_modules/.cache/kubectl');
      await writeFile(program, '', { mode: 0o644 });
      expect(await findKubectl(folder)).toBe(unpacked);
      await rm(program);
      await writeFile(program, '', { mode: 0o755 });
      expect(await findKubectl(folder)).toBe(program);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
