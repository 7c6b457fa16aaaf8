import { parser } from '@prometheus-io/lezer-promql';

/**
 * The metrics that a PromQL expression selects.
 *
 * @throws Error at the first place that is no PromQL
 */
export function metricNames(expression: string): Set<string> {
  const names = new Set<string>();
  parser.parse(expression).iterate({
    enter({ type, from, to }) {
      if (type.isError) {
        throw new Error(`no PromQL at "${expression.slice(from)}" of "${expression}"`);
      }
      if (type.name === 'VectorSelector') {
        const name = /^[a-zA-Z_:][\w:]*/.exec(expression.slice(from, to))?.[0];
        if (name === undefined) throw new Error(`a selector without a name in "${expression}"`);
        names.add(name);
      }
    },
  });
  return names;
}
