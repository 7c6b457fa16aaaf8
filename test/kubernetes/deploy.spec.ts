import { describe, expect, it } from '@jest/globals';
import type { Manifest } from '../../scripts/kubernetes/manifest.js';
import { runCommand } from '../harness/command.js';
import { type Behaviour, type KubectlCall, StubKubectl } from './stub-kubectl.js';

const IMAGE = `registry.test/messages@sha256:${'a'.repeat(64)}`;
const OTHER = `registry.test/messages@sha256:${'b'.repeat(64)}`;
const WAITS_FOR_SUCCESS = '--for=condition=complete';
const WAITS_FOR_FAILURE = '--for=condition=failed';

async function run(args: readonly string[], { answers }: Behaviour = { answers: [] }) {
  // Where a test says nothing else, the Job ends well: nobody hears of its failure.
  const behaviour = { answers: [...answers, { to: WAITS_FOR_FAILURE, hangs: true }] };
  await using kubectl = await StubKubectl.create(behaviour);
  const result = await runCommand('deploy', args, {
    cwd: process.cwd(),
    env: { PATH: kubectl.path },
  });
  return { ...result, calls: await kubectl.calls() };
}

const deployTo = (overlay: string) => ['--overlay', overlay, '--image', IMAGE];

/** As `apply Namespace ...` or `wait job/messages-migrate-... complete`, without what varies. */
function summary({ args, stdin }: KubectlCall): string {
  const [verb = ''] = args;
  if (verb === 'apply') return `apply ${[...new Set(kindsIn(stdin))].join(' ')}`;
  const words = args.filter((word) => !word.startsWith('--') || word.startsWith('--for'));
  return words.join(' ').replace(/-[0-9a-f]{10}(?= |$)/, '-HASH');
}

function kindsIn(stdin: string): string[] {
  return itemsIn(stdin).map(({ kind }) => kind);
}

function itemsIn(stdin: string): Manifest[] {
  return (JSON.parse(stdin) as { items: Manifest[] }).items;
}

describe('npm run deploy', () => {
  it('migrates once the databases are there, and rolls out once that is done', async () => {
    const { code, calls, stderr } = await run(deployTo('production'));
    expect(stderr).toContain('deployed');
    expect(code).toBe(0);
    // The one that waits for a failure is ended by the success, which may come before its first word.
    const steps = calls.map(summary).filter((step) => !step.includes(WAITS_FOR_FAILURE));
    expect(steps[0]).toMatch(/^apply Namespace .*Cluster/);
    expect(steps[0]).not.toMatch(/Deployment|Job|Ingress/);
    expect(steps.slice(1, 7)).toEqual([
      'wait clusters.postgresql.cnpg.io/messages-s0 --for=condition=Ready',
      'wait clusters.postgresql.cnpg.io/messages-s1 --for=condition=Ready',
      'rollout status statefulset/messages-redis',
      'delete job/messages-migrate-HASH',
      'apply Job',
      `wait job/messages-migrate-HASH ${WAITS_FOR_SUCCESS}`,
    ]);
    expect(steps[7]).toMatch(/^apply .*Deployment/);
    expect(steps.slice(8)).toEqual(['rollout status deployment/messages']);
  });

  it('deploys the image that it is told, in the namespace of the overlay', async () => {
    const { calls } = await run([...deployTo('test'), '--context', 'staging']);
    for (const { args } of calls) {
      expect(args).toEqual(
        expect.arrayContaining(['--namespace=messages-test', '--context=staging']),
      );
    }
    const applied = calls.flatMap(({ stdin }) => (stdin === '' ? [] : itemsIn(stdin)));
    const images = applied
      .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
      .map((manifest) => JSON.stringify(manifest).match(/"image":"([^"]+)"/)?.[1]);
    expect(images).toEqual([IMAGE, IMAGE]);
  });

  it('names the Job after what it does', async () => {
    const jobs = await Promise.all(
      [IMAGE, IMAGE, OTHER].map(async (image) => {
        const { stdout } = await run(['--overlay', 'test', '--image', image, '--render']);
        return (JSON.parse(stdout) as { migration: Manifest }).migration.metadata.name;
      }),
    );
    expect(jobs[0]).toMatch(/^messages-migrate-[0-9a-f]{10}$/);
    expect(jobs[1]).toBe(jobs[0]);
    expect(jobs[2]).not.toBe(jobs[0]);
  });

  it('rolls nothing out if the migration fails, and shows why it did', async () => {
    const { code, calls, stderr } = await run(deployTo('test'), {
      answers: [
        { to: WAITS_FOR_SUCCESS, hangs: true },
        { to: WAITS_FOR_FAILURE },
        { to: 'logs', prints: 'shard s1: its primary cannot be reached' },
      ],
    });
    expect(code).toBe(1);
    expect(stderr).toContain('shard s1: its primary cannot be reached');
    expect(calls.map(summary).filter((step) => step.includes('Deployment'))).toEqual([]);
  });

  it('rolls nothing out if the databases are not ready in time', async () => {
    const { code, calls, stderr } = await run(deployTo('test'), {
      answers: [{ to: '--for=condition=Ready', fails: 'error: timed out waiting' }],
    });
    expect(code).toBe(1);
    expect(stderr).toContain('timed out waiting');
    expect(calls.map(summary).some((step) => /Job|Deployment/.test(step))).toBe(false);
  });

  it('fails if the new pods do not get ready', async () => {
    const { code, stderr } = await run(deployTo('test'), {
      answers: [{ to: 'status deployment/messages', fails: 'error: deadline exceeded' }],
    });
    expect(code).toBe(1);
    expect(stderr).toContain('deadline exceeded');
  });

  it('goes back to the version before', async () => {
    const { code, calls } = await run([...deployTo('test'), '--undo'], {
      answers: [{ to: 'get', prints: IMAGE }],
    });
    expect(code).toBe(0);
    expect(calls.slice(1).map(summary)).toEqual([
      'rollout undo deployment/messages',
      'rollout status deployment/messages',
    ]);
  });

  it('undoes nothing where another version serves', async () => {
    const { code, calls, stderr } = await run([...deployTo('test'), '--undo'], {
      answers: [{ to: 'get', prints: OTHER }],
    });
    expect(code).toBe(0);
    expect(stderr).toContain('nothing to undo');
    expect(calls.map(({ args }) => args[0])).toEqual(['get']);
  });

  it.each([
    [['--overlay', 'staging', '--image', IMAGE], '--overlay must be one of production, test'],
    [['--overlay', 'test'], 'by digest'],
    [['--overlay', 'test', '--image', 'registry.test/messages:latest'], 'by digest'],
  ])('refuses %j', async (args, reason) => {
    const { code, calls, stderr } = await run(args);
    expect(stderr).toContain(reason);
    expect(code).toBe(2);
    expect(calls).toEqual([]);
  });
});
