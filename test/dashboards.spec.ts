import { describe, expect, it } from '@jest/globals';
import { rules } from './harness/alert-rules.js';
import { dashboard, type Panel, queriesOf } from './harness/dashboard.js';
import { metricNames } from './harness/promql.js';

const COLUMNS = 24;

const named = dashboard.panels.map((panel) => [panel.title, panel] as const);
const withQueries = named.filter(([, panel]) => panel.type !== 'row');

describe('the dashboard', () => {
  it('is found again when it is changed, and asks the data source that its reader chooses', () => {
    expect(dashboard.uid).toBe('messages-service');
    const [source] = dashboard.templating.list;
    expect(source).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
  });

  it('gives each panel a place and an id of its own', () => {
    const places = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(places).size).toBe(places.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThan(25);
    expect(new Set(places).size % COLUMNS).toBe(0);
  });

  it.each(withQueries)(
    '%s asks in PromQL, of the chosen source, namespace and pods',
    (_, panel) => {
      expect(panel.targets?.length).toBeGreaterThan(0);
      expect(sourcesOf(panel)).toEqual(new Set(['${datasource}']));
      const recorded = new Set(rules().map(({ record }) => record));
      for (const { expr } of panel.targets ?? []) {
        for (const [selector] of expr.matchAll(/[\w:]+\{[^}]*\}/g)) {
          expect(selector).toContain('job="messages", namespace=~"$namespace"');
          const [name = ''] = metricNames(selector);
          if (!recorded.has(name)) expect(selector).toContain('instance=~"$instance"');
        }
      }
      for (const expr of queriesOf(panel, '1m')) expect(metricNames(expr).size).toBeGreaterThan(0);
    },
  );
});

function sourcesOf(panel: Panel): Set<string | undefined> {
  return new Set([panel, ...(panel.targets ?? [])].map(({ datasource }) => datasource?.uid));
}
