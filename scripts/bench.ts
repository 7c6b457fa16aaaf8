import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchCluster } from '../bench/database.js';
import { missed, report, table } from '../bench/report.js';
import { ensureLoadGenerator } from '../bench/load.js';
import { BenchService } from '../bench/service.js';
import type { Finding, Suite, SuiteContext } from '../bench/suite.js';
import { batching } from '../bench/suites/batching.js';
import { cache } from '../bench/suites/cache.js';
import { counting } from '../bench/suites/counting.js';
import { counts } from '../bench/suites/counts.js';
import { growth } from '../bench/suites/growth.js';
import { zipf } from '../bench/suites/zipf.js';
import { reportFailure } from './failure.js';
import { nodeOfImage } from './image/node-release.js';
import { run } from './image/run.js';
import { integerOption, UsageError } from './usage-error.js';

const SUITES: readonly Suite[] = [batching, growth, cache, zipf, counts, counting];

const VERSION_MS = 10_000;

const HELP = `Usage: npm run bench -- [--only SUITE,SUITE] [--rounds N] [--seconds N] [--node PROGRAM] [--json FILE]

Measures the service against simpler ones, on a PostgreSQL cluster of its own with durable commits,
and prints ratios. Rates are worth something within one run on one machine only.

Suites:
${SUITES.map(({ name, measures }) => `  ${name.padEnd(12)}${measures}`).join('\n')}

  --only     these suites only
  --rounds   rounds of each comparison, after two that warm up (default 11)
  --seconds  seconds of each round (default 2)
  --node     what runs everything that is measured (default: the release of Node that the Dockerfile
             names, from the npm registry, kept in .data)
  --json     where the figures are written (default bench/results/latest.json)

Ends with 1 if a ratio is less than it has to be.
`;

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: 'string' },
        rounds: { type: 'string', default: '11' },
        seconds: { type: 'string', default: '2' },
        node: { type: 'string' },
        json: { type: 'string', default: 'bench/results/latest.json' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const suites = chosen(values.only);
    const rounds = integerOption('rounds', values.rounds, 1, 100);
    const seconds = integerOption('seconds', values.seconds, 1, 600);
    const node = values.node ?? (await nodeOfImage());
    const version = (await run(node, ['--version'], { deadlineMs: VERSION_MS })).trim();
    say(`measuring with Node ${version}`);
    const findings = await measure(suites, node, rounds, seconds);
    process.stdout.write(`${table(findings)}\n`);
    await mkdir(dirname(values.json), { recursive: true });
    await writeFile(values.json, report(findings, version));
    say(`wrote ${values.json}`);
    return missed(findings).length === 0 ? 0 : 1;
  } catch (error) {
    return reportFailure(error);
  }
}

async function measure(
  suites: readonly Suite[],
  node: string,
  rounds: number,
  seconds: number,
): Promise<Finding[]> {
  ensureLoadGenerator();
  say('bringing up PostgreSQL ...');
  await using cluster = await BenchCluster.start();
  const findings: Finding[] = [];
  for (const suite of suites) {
    say(`${suite.name}: ${suite.measures}`);
    const start: SuiteContext['start'] = (program, env) => BenchService.start(node, program, env);
    findings.push(...(await suite.run({ cluster, start, rounds, seconds, onProgress: say })));
  }
  return findings;
}

function chosen(only: string | undefined): readonly Suite[] {
  if (only === undefined) return SUITES;
  return only.split(',').map((name) => {
    const suite = SUITES.find((each) => each.name === name);
    if (!suite) throw new UsageError(`--only: there is no suite "${name}"`);
    return suite;
  });
}

function say(message: string): void {
  process.stderr.write(`[bench] ${message}\n`);
}
