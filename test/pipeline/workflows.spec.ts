import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { overlayNames, renderOverlay } from '../../scripts/kubernetes/render.js';
import { WORKFLOW_RULES } from './rules.js';
import { jobsOf, readWorkflow, readWorkflows, stepsOf, type Workflow } from './workflow.js';

/** For each rule, a change of a workflow that breaks it. */
const BREAKS: Readonly<Record<string, readonly [file: string, from: string, to: string]>> = {
  'fits the schema of GitHub': ['verify.yml', 'runs-on:', 'run-on:'],
  'pins every action by commit, and says its version': [
    'deploy.yml',
    '@8e8c483db84b4bee98b60c0593521ed34d9990e8 # v6.0.1',
    '@v6',
  ],
  'begins with no right but to read': ['verify.yml', 'contents: read', 'contents: write'],
  'gives no job more than it needs': ['deliver.yml', 'packages: write', 'actions: write'],
  'leaves no credentials in the checkout': [
    'deploy.yml',
    'persist-credentials: false',
    'ref: main',
  ],
  'ends every job in time': ['verify.yml', 'timeout-minutes: 15', 'continue-on-error: false'],
  'says what may run beside it': ['verify.yml', 'group: verify-', 'name: verify-'],
  'runs on a named version of the runner': ['deploy.yml', 'ubuntu-24.04', 'ubuntu-latest'],
  'puts no expression into a script': ['deploy.yml', '--url "$URL"', '--url ${{ inputs.url }}'],
  'runs no code of a pull request with secrets': [
    'verify.yml',
    'pull_request:',
    'pull_request_target:',
  ],
  'calls scripts that there are': ['verify.yml', 'npm run lint', 'npm run lnt'],
};

let workflows: Workflow[];
let scripts: string[];

beforeAll(async () => {
  workflows = await readWorkflows();
  const json = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: object };
  scripts = Object.keys(json.scripts);
});

const workflow = (file: string) =>
  workflows.find((candidate) => candidate.file === file) as Workflow;

describe('every workflow', () => {
  it.each(Object.entries(WORKFLOW_RULES))('%s', (_, rule) => {
    for (const each of workflows) expect([each.file, ...rule(each, scripts)]).toEqual([each.file]);
  });

  it.each(Object.entries(BREAKS))('is seen to break: %s', (name, [file, from, to]) => {
    const { text } = workflow(file);
    expect(text).toContain(from);
    const broken = readWorkflow(file, text.replaceAll(from, to));
    expect(WORKFLOW_RULES[name]?.(broken, scripts)).not.toEqual([]);
  });

  it('has a change that breaks each rule', () => {
    expect(Object.keys(BREAKS)).toEqual(Object.keys(WORKFLOW_RULES));
  });
});

const needs = (name: string) => [workflow('deliver.yml').jobs[name]?.needs].flat();

describe('the way of a commit to production', () => {
  it('is verified, built, deployed to test and tried there, then released', () => {
    expect(needs('image')).toEqual(['verify']);
    expect(needs('test')).toEqual(['image']);
    expect(needs('production')).toEqual(['image', 'test']);
    expect(needs('release')).toEqual(['image', 'production']);
  });

  it('goes to production for a tag of a version alone', () => {
    const { on, jobs } = workflow('deliver.yml');
    expect(on).toEqual({ push: { branches: ['main'], tags: ['v[0-9]+.[0-9]+.[0-9]+'] } });
    expect(jobs['production']?.if).toBe("startsWith(github.ref, 'refs/tags/v')");
  });

  it('deploys the image that was built, by digest, to the overlays that there are', async () => {
    const deployments = jobsOf(workflow('deliver.yml'))
      .filter(([, { uses }]) => uses === './.github/workflows/deploy.yml')
      .map(([, job]) => job.with ?? {});
    const overlays = await overlayNames();
    expect(deployments).toHaveLength(overlays.length);
    for (const { overlay, namespace, url } of deployments) {
      const set = await renderOverlay(overlay as string);
      expect(set.ofKind('Namespace').map(({ metadata }) => metadata.name)).toEqual([namespace]);
      const hosts = set.ofKind('Ingress').flatMap(({ spec }) => spec?.rules ?? []);
      expect(hosts.map(({ host }) => `https://${host}`)).toEqual([url]);
    }
    for (const { image } of deployments) expect(image).toBe('${{ needs.image.outputs.image }}');
    const push = stepsOf(workflow('deliver.yml')).find(({ id }) => id === 'push');
    expect(push?.with?.['outputs']).toContain('push-by-digest=true');
    expect(push?.with).toMatchObject({ sbom: true, provenance: 'mode=max' });
  });

  it('signs only what was scanned', () => {
    const steps = workflow('deliver.yml').jobs['image']?.steps ?? [];
    const scan = steps.findIndex(({ uses }) => uses?.startsWith('aquasecurity/trivy-action@'));
    const sign = steps.findIndex(({ run }) => run?.startsWith('cosign sign'));
    expect(scan).toBeGreaterThan(-1);
    expect(sign).toBeGreaterThan(scan);
    expect(steps[scan]?.with?.['exit-code']).toBe(1);
  });

  it('deploys to an environment one at a time, and undoes what fails the smoke test', () => {
    const { concurrency, jobs } = workflow('deploy.yml');
    expect(concurrency).toEqual({
      group: 'deploy-${{ inputs.overlay }}',
      'cancel-in-progress': false,
    });
    expect(jobs['deploy']?.environment).toMatchObject({ name: '${{ inputs.overlay }}' });
    const runs = (jobs['deploy']?.steps ?? []).map((step) => [step.if, step.run]);
    const deploy = runs.findIndex(([, run]) => run?.startsWith('npm run deploy'));
    const smoke = runs.findIndex(([, run]) => run?.includes('npm run smoke --'));
    const undo = runs.findIndex(([, run]) => run?.endsWith('--undo'));
    expect([deploy, smoke, undo].every((index) => index > -1)).toBe(true);
    expect(deploy < smoke && smoke < undo).toBe(true);
    expect(runs[undo]?.[0]).toBe('failure()');
  });
});
