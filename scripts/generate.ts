import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { envExample } from '../src/config/env-example.js';
import { readConfig } from '../src/config/index.js';
import { wireApp } from '../src/server.js';
import { PROMETHEUS_RULES_FILE, prometheusRules } from './prometheus-rules.js';

const HELP = `Usage: npm run generate

Writes openapi.json and .env.example anew from the schemas in src, and
${PROMETHEUS_RULES_FILE} from the rule files beside it. A test fails when they differ.
`;

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  await writeFile('.env.example', envExample());
  await writeFile(PROMETHEUS_RULES_FILE, prometheusRules());
  const { app, document } = await wireApp(
    readConfig({ DATABASE_URL: 'postgres://unused', LOG_LEVEL: 'silent' }),
  );
  await app.close();
  await writeFile('openapi.json', `${JSON.stringify(document, null, 2)}\n`);
  process.stderr.write(`wrote .env.example, openapi.json and ${PROMETHEUS_RULES_FILE}\n`);
  return 0;
}
