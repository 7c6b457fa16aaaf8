import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { envExample } from '../src/config/env-example.js';
import { readConfig } from '../src/config/index.js';
import { wireApp } from '../src/server.js';

const HELP = `Usage: npm run generate

Writes openapi.json and .env.example anew from the schemas in src. A test fails when they differ.
`;

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  await writeFile('.env.example', envExample());
  const { app, document } = await wireApp(
    readConfig({ DATABASE_URL: 'postgres://unused', LOG_LEVEL: 'silent' }),
  );
  await app.close();
  await writeFile('openapi.json', `${JSON.stringify(document, null, 2)}\n`);
  process.stderr.write('wrote .env.example and openapi.json\n');
  return 0;
}
