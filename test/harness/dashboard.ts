import { readFileSync } from 'node:fs';

interface DataSource {
  readonly type: string;
  readonly uid: string;
}

interface Target {
  readonly expr: string;
  readonly datasource: DataSource;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: DataSource;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets: readonly Target[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly (Omit<Panel, 'targets'> & Partial<Pick<Panel, 'targets'>>)[];
  readonly templating: { readonly list: readonly Readonly<Record<string, unknown>>[] };
}

/** What stands in the place of the dashboard's variables. */
export interface Variables {
  /** What Grafana makes of the width of a graph and the interval between scrapes. */
  readonly rateInterval: string;
  readonly namespace: string;
  readonly instance: string;
}

export const dashboard = JSON.parse(
  readFileSync('k8s/monitoring/dashboards/messages.json', 'utf8'),
) as Dashboard;

/** All but the headings of rows. */
export const panelsWithQueries = dashboard.panels
  .filter(({ type }) => type !== 'row')
  .map(({ targets = [], ...panel }): Panel => ({ ...panel, targets }));

/** @throws Error if a query has a variable that is not among them */
export function queriesOf(panel: Panel, variables: Variables): string[] {
  const { rateInterval, ...others } = variables;
  const values = new Map(Object.entries({ ...others, __rate_interval: rateInterval }));
  return panel.targets.map(({ expr }) =>
    expr.replaceAll(/\$(\w+)/g, (_, name: string) => {
      const value = values.get(name);
      if (value === undefined) throw new Error(`the variable ${name} has no value (${expr})`);
      return value;
    }),
  );
}
