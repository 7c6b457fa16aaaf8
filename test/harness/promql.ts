import { parser } from '@prometheus-io/lezer-promql';

/**
 * What a PromQL expression selects, each as a metric's name with its label matchers.
 *
 * @throws Error at the first place that is no PromQL
 */
export function selectors(expression: string): string[] {
  const found: string[] = [];
  parser.parse(expression).iterate({
    enter({ type, from, to }) {
      if (type.isError) {
        throw new Error(`no PromQL at "${expression.slice(from)}" of "${expression}"`);
      }
      if (type.name === 'VectorSelector') found.push(expression.slice(from, to));
    },
  });
  return found;
}

/** The name of the metric that a selector selects. */
export function metricName(selector: string): string {
  const [name] = /^[a-zA-Z_:][\w:]*/.exec(selector) ?? [];
  if (name === undefined) throw new Error(`a selector without a name: ${selector}`);
  return name;
}
