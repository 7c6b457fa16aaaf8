import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { PROMETHEUS_RULES_FILE, prometheusRules, ruleFiles } from '../scripts/prometheus-rules.js';
import { alertRules, rules } from './harness/alert-rules.js';
import { ensurePrometheus } from './harness/install-prometheus.js';
import { metricName, selectors } from './harness/promql.js';

const TESTS_FOLDER = 'k8s/monitoring/tests';
const RUNBOOKS_FOLDER = 'docs/runbooks';
const PROMTOOL_MS = 120_000;
const HOURS = { m: 1 / 60, h: 1, d: 24 };
const PERIOD_HOURS = 30 * 24;

function promtool(...args: string[]): { status: number | null; output: string } {
  const { status, error, stdout, stderr } = spawnSync('promtool', args, {
    encoding: 'utf8',
    timeout: PROMTOOL_MS,
  });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

function hours(window: string): number {
  const [, amount, unit] = /^(\d+)([mhd])$/.exec(window) ?? [];
  return Number(amount) * HOURS[unit as keyof typeof HOURS];
}

beforeAll(() => ensurePrometheus());

describe('rules', () => {
  it('are what promtool accepts, lint included', () => {
    const checked = promtool('check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles());
    expect(checked).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
  });

  it.each(ruleFiles().map((path) => basename(path)))(
    'of %s do what their unit tests say',
    (name) => {
      const tested = promtool('test', 'rules', join(TESTS_FOLDER, name));
      expect(tested).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') });
    },
    PROMTOOL_MS,
  );

  it('each have a unit test that names them', () => {
    const tests = ruleFiles().map((path) =>
      readFileSync(join(TESTS_FOLDER, basename(path)), 'utf8'),
    );
    for (const { alert } of alertRules()) expect(tests.join()).toContain(alert);
  });

  it('stand in the manifests as in the rule files (npm run generate)', () => {
    expect(readFileSync(PROMETHEUS_RULES_FILE, 'utf8')).toBe(prometheusRules());
  });

  it('select what is of this service: others on the same Prometheus have metrics of these names', () => {
    const recorded = new Set(rules().map(({ record }) => record));
    const selected = rules().flatMap(({ expr }) => selectors(expr));
    for (const selector of selected.filter((each) => !recorded.has(metricName(each)))) {
      expect(selector).toContain('{job="messages"');
    }
  });
});

describe('alerts', () => {
  it.each(alertRules().map((rule) => [rule.alert, rule] as const))(
    '%s says how urgent it is, what is wrong and where to read on',
    (name, { labels, annotations }) => {
      expect(['critical', 'warning']).toContain(labels['severity']);
      expect(annotations['summary']).toEqual(expect.stringMatching(/\w/));
      expect(annotations['description']).toEqual(expect.stringMatching(/\w/));
      expect(annotations['runbook_url']).toMatch(
        new RegExp(`^https://.*/${RUNBOOKS_FOLDER}/${name}\\.md$`),
      );
    },
  );

  it('have a runbook each, and no runbook is without its alert', () => {
    const runbooks = readdirSync(RUNBOOKS_FOLDER).filter((name) => name !== 'README.md');
    const alerts = new Set(alertRules().map(({ alert }) => `${alert}.md`));
    expect(new Set(runbooks)).toEqual(alerts);
    const index = readFileSync(join(RUNBOOKS_FOLDER, 'README.md'), 'utf8');
    for (const runbook of runbooks) expect(index).toContain(`(${runbook})`);
  });

  it('link in their runbooks only to what exists', () => {
    for (const name of readdirSync(RUNBOOKS_FOLDER)) {
      const text = readFileSync(join(RUNBOOKS_FOLDER, name), 'utf8');
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
        expect({ name, target, exists: existsSync(join(RUNBOOKS_FOLDER, target)) }).toMatchObject({
          exists: true,
        });
      }
    }
  });
});

describe.each([
  ['MessagesAvailabilityErrorBudgetBurn', 0.001],
  ['MessagesLatencyErrorBudgetBurn', 0.01],
])('%s', (name, budget) => {
  const burns = alertRules().filter(({ alert }) => alert === name);

  it('has the four pairs of windows of the SRE workbook', () => {
    expect(
      burns.map(({ labels }) => [
        labels['long_window'],
        labels['short_window'],
        labels['severity'],
      ]),
    ).toEqual([
      ['1h', '5m', 'critical'],
      ['6h', '30m', 'critical'],
      ['1d', '2h', 'warning'],
      ['3d', '6h', 'warning'],
    ]);
  });

  it('burns the share of the budget that it says: share x period / long window', () => {
    for (const { expr, labels, annotations } of burns) {
      const [long, short, count] = expr.split(/^\s+and$/m).map((part) => part.trim());
      const factor = Number(/> ([\d.]+) \* /.exec(expr)?.[1]);
      const share = parseFloat(annotations['error_budget'] ?? '') / 100;
      expect(factor).toBeCloseTo((share * PERIOD_HOURS) / hours(labels['long_window'] ?? ''));
      const rate = (window: string | undefined) =>
        expect.stringMatching(
          new RegExp(`:ratio_rate${window}\\{slo="\\w+"\\} > ${factor} \\* ${budget}$`),
        );
      expect([long, short]).toEqual([rate(labels['long_window']), rate(labels['short_window'])]);
      const seconds = hours(labels['long_window'] ?? '') * 3_600;
      expect(count).toMatch(
        new RegExp(`:rate${labels['long_window']}\\{slo="\\w+"\\} \\* ${seconds} >= 10$`),
      );
    }
  });
});
