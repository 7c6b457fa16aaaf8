import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';

/** Plain rule files, as Prometheus and promtool read them. */
export const RULES_FOLDER = 'k8s/monitoring/rules';
/** The same rules for the Prometheus operator. */
export const PROMETHEUS_RULES_FILE = 'k8s/monitoring/prometheus-rules.yaml';

const HEAD = `# Made from ${RULES_FOLDER} by npm run generate.\n`;

export function ruleFiles(): string[] {
  return readdirSync(RULES_FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .toSorted()
    .map((name) => join(RULES_FOLDER, name));
}

/** PrometheusRule manifests, one for each rule file. */
export function prometheusRules(): string {
  const manifests = ruleFiles().map((path) =>
    stringify(
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: {
          name: `messages-${basename(path, '.yaml')}`,
          labels: {
            'app.kubernetes.io/name': 'messages',
            'app.kubernetes.io/instance': 'messages',
            'app.kubernetes.io/component': 'monitoring',
          },
        },
        spec: parse(readFileSync(path, 'utf8')) as unknown,
      },
      { lineWidth: 0 },
    ),
  );
  return HEAD + manifests.join('---\n');
}
