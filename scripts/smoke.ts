import { parseArgs } from 'node:util';
import { EXIT_FAILED, reportFailure } from './failure.js';
import { smoke } from './smoke/smoke.js';
import { integerOption, UsageError } from './usage-error.js';

const HELP = `Usage: npm run smoke -- --url URL [--management-url URL] [--token TOKEN]

Uses a running service as its users do: posts, reads, follows pages, asks by id, counts. Prints each
step. Exit code 0 if all of them are as promised, 1 if one is not. Leaves two messages behind, under a
tag of its own.

  --url             of the service, as its users reach it
  --management-url  of its management port; without it, health and metrics are skipped
  --token           an access token with the scope aggregations:read; without it, only that
                    aggregations are closed is checked
  --timeout         seconds that each answer may take (default: 10)

Environment: SMOKE_TOKEN, instead of --token, which other users of the machine can see.

Example, beside npm start:
  npm run smoke -- --url http://localhost:3000 --management-url http://localhost:9090 \\
      --token "$(npm run --silent token -- --sub smoke)"
`;

const TIMEOUT_MAX_SECONDS = 300;

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        url: { type: 'string' },
        'management-url': { type: 'string' },
        token: { type: 'string' },
        timeout: { type: 'string', default: '10' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const managementUrl = httpUrl('management-url', values['management-url']);
    const url = httpUrl('url', values.url);
    if (!url) throw new UsageError('Give --url URL; --help tells more.');
    const token = values.token || process.env['SMOKE_TOKEN'] || undefined;
    const deadlineMs = integerOption('timeout', values.timeout, 1, TIMEOUT_MAX_SECONDS) * 1_000;
    const options = {
      url,
      deadlineMs,
      ...(managementUrl && { managementUrl }),
      ...(token && { token }),
    };
    const results = await smoke(options, ({ step, outcome, detail }) => {
      process.stdout.write(`${outcome.padEnd(8)}${step.padEnd(11)}${detail}\n`);
    });
    const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ step }) => step);
    if (failed.length === 0) return 0;
    process.stderr.write(`${url.href} is not as promised: ${failed.join(', ')}\n`);
    return EXIT_FAILED;
  } catch (error) {
    return reportFailure(error);
  }
}

function httpUrl(option: string, text: string | undefined): URL | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw new UsageError(`--${option} must be an http:// or https:// URL, not "${text}"`);
}
