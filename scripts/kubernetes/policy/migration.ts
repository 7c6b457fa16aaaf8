import type { IDeployment } from 'kubernetes-models/apps/v1';
import type { IJob } from 'kubernetes-models/batch/v1';
import { containersOf, type ManifestSet } from '../manifest.js';
import type { Rule } from './rule.js';

const jobs = (set: ManifestSet) => set.ofKind('Job');
const imagesOf = (template?: NonNullable<IDeployment['spec']>['template']) =>
  template?.spec ? containersOf(template.spec).map(({ image }) => image) : [];

/** The Job that brings the databases to the schema of a version before it serves. */
export const MIGRATION: readonly Rule[] = [
  {
    name: 'migrates-before-it-serves',
    because: 'a version that serves an older schema refuses to start',
    covers: [],
    faults: (set) => {
      const served = set.ofKind('Deployment').map(({ spec }) => spec?.template);
      const migrating = jobs(set).filter(({ spec }) =>
        spec?.template.spec?.containers.some(({ args }) => args?.join() === 'migrate'),
      );
      if (migrating.length !== 1) return [`${migrating.length} Jobs migrate, not one`];
      const images = imagesOf(migrating[0]?.spec?.template);
      const same = served.every((template) => imagesOf(template).join() === images.join());
      return same ? [] : ['the Job migrates with another image than the one that serves'];
    },
  },
  {
    name: 'finished-jobs-go',
    because: 'each deployment leaves one behind',
    covers: ['kube-linter: job-ttl-seconds-after-finished'],
    faults: (set) =>
      jobs(set)
        .filter(({ spec }) => spec?.ttlSecondsAfterFinished === undefined)
        .map(({ metadata }) => `Job/${metadata.name}: stays for ever`),
  },
  {
    name: 'jobs-end',
    because: 'a deployment waits for them',
    covers: [],
    faults: (set) =>
      jobs(set)
        .filter(
          ({ spec: { backoffLimit, activeDeadlineSeconds } = {} as NonNullable<IJob['spec']> }) => {
            return backoffLimit === undefined || activeDeadlineSeconds === undefined;
          },
        )
        .map(({ metadata }) => `Job/${metadata.name}: tries without end`),
  },
];
