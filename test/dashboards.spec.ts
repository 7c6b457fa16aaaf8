import { describe, expect, it } from '@jest/globals';
import { rules } from './harness/alert-rules.js';
import { dashboard, type Panel, panelsWithQueries, queriesOf } from './harness/dashboard.js';
import { metricName, selectors } from './harness/promql.js';

const COLUMNS = 24;

/** Variables are kept apart from what is in their place. */
const AS_WRITTEN = { rateInterval: '1m', namespace: '$namespace', instance: '$instance' };

describe('the dashboard', () => {
  it('is found again when it is changed, and asks the data source that its reader chooses', () => {
    expect(dashboard.uid).toBe('messages-service');
    const [source] = dashboard.templating.list;
    expect(source).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
  });

  it('gives each panel a place and an id of its own', () => {
    const { panels } = dashboard;
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(COLUMNS);
  });

  it.each(panelsWithQueries.map((panel) => [panel.title, panel] as const))(
    '%s asks in PromQL, of the chosen source, namespace and pods',
    (_, panel) => {
      expect(sourcesOf(panel)).toEqual(new Set(['${datasource}']));
      const recorded = new Set(rules().map(({ record }) => record));
      const selected = queriesOf(panel, AS_WRITTEN).flatMap(selectors);
      expect(selected.length).toBeGreaterThan(0);
      for (const selector of selected) {
        expect(selector).toContain('{job="messages", namespace=~"$namespace"');
        // What rules record is of all pods together.
        if (!recorded.has(metricName(selector))) {
          expect(selector).toContain(', instance=~"$instance"');
        }
      }
    },
  );
});

function sourcesOf({ datasource, targets }: Panel): Set<string | undefined> {
  return new Set([datasource?.uid, ...targets.map((target) => target.datasource.uid)]);
}
