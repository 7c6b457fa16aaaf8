import { readFileSync } from 'node:fs';

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: DataSource;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly datasource?: DataSource }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: unknown;
      readonly allValue?: string;
    }[];
  };
}

export const DASHBOARD_FILE = 'k8s/monitoring/dashboards/messages.json';

export const dashboard = JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8')) as Dashboard;

/**
 * The queries of a panel as Grafana would send them with everything chosen.
 *
 * @param rateInterval what Grafana makes of the width of the graph and the scrape interval
 * @throws Error if a variable has no value
 */
export function queriesOf(panel: Panel, rateInterval: string): string[] {
  const values = new Map<string, string>([['__rate_interval', rateInterval]]);
  for (const { name, allValue } of dashboard.templating.list) {
    if (allValue !== undefined) values.set(name, allValue);
  }
  return (panel.targets ?? []).map(({ expr }) =>
    expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`the variable ${name} has no value (${expr})`);
      return value;
    }),
  );
}
