import actionValidator from '@action-validator/core';
import { jobsOf, stepsOf, type Workflow } from './workflow.js';

/** What holds for every workflow: what is wrong, one line for each place. */
export type WorkflowRule = (workflow: Workflow, scripts: readonly string[]) => string[];

const PIN = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;
const LOCAL = /^\.\/\.github\/workflows\//;
/** What anybody may write into a pull request, a branch or an input. */
const UNTRUSTED = /\$\{\{/;
const MINUTES_MAX = 120;
const BUILT_IN = ['ci', 'install', 'sbom'];

export const WORKFLOW_RULES: Readonly<Record<string, WorkflowRule>> = {
  'fits the schema of GitHub': ({ text }) =>
    actionValidator.validateWorkflow(text).errors.map(({ title, code }) => `${code}: ${title}`),

  'pins every action by commit, and says its version': ({ text }) =>
    [...text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)]
      .map(([, uses = '']) => uses)
      .filter((uses) => !PIN.test(uses) && !LOCAL.test(uses)),

  'begins with no right but to read': ({ permissions }) => {
    const rights = Object.entries(permissions ?? { all: 'write' });
    return rights.filter(([what, right]) => what !== 'contents' || right !== 'read').map(String);
  },

  'gives no job more than it needs': (workflow) =>
    jobsOf(workflow).flatMap(([name, { permissions = {}, steps = [], uses }]) => {
      const text = JSON.stringify(steps);
      const needed = {
        contents: uses !== undefined || text.includes('actions/checkout'),
        packages: text.includes('docker/login-action'),
        'id-token': text.includes('cosign sign'),
      };
      return Object.keys(permissions)
        .filter((right) => !needed[right as keyof typeof needed])
        .map((right) => `${name}: ${right}`);
    }),

  'leaves no credentials in the checkout': (workflow) =>
    stepsOf(workflow)
      .filter(({ uses }) => uses?.startsWith('actions/checkout@'))
      .filter((step) => step.with?.['persist-credentials'] !== false)
      .map(({ uses }) => `${uses}`),

  'ends every job in time': (workflow) =>
    jobsOf(workflow)
      .filter(([, { uses }]) => uses === undefined)
      .filter(([, job]) => !((job['timeout-minutes'] ?? Infinity) <= MINUTES_MAX))
      .map(([name]) => name),

  'says what may run beside it': ({ concurrency }) =>
    concurrency?.group && concurrency['cancel-in-progress'] !== undefined ? [] : ['concurrency'],

  'runs on a named version of the runner': (workflow) =>
    jobsOf(workflow)
      .filter(([, { uses }]) => uses === undefined)
      .filter(([, job]) => !/^ubuntu-\d\d\.\d\d$/.test(job['runs-on'] ?? ''))
      .map(([name]) => name),

  'puts no expression into a script': (workflow) =>
    stepsOf(workflow).flatMap(({ run = '' }) => (UNTRUSTED.test(run) ? [run] : [])),

  'runs no code of a pull request with secrets': ({ on }) =>
    Object.keys(on).filter((event) => event === 'pull_request_target' || event === 'workflow_run'),

  'calls scripts that there are': (workflow, scripts) =>
    stepsOf(workflow).flatMap(({ run = '' }) =>
      [...run.matchAll(/\bnpm (?:run (?:--\S+ )*)?([\w:-]+)/g)]
        .map(([, name = '']) => name)
        .filter((name) => !scripts.includes(name) && !BUILT_IN.includes(name)),
    ),
};
