import { parseArgs } from 'node:util';
import { readAuthConfig } from '../src/config/index.js';
import { withDevelopmentAuth } from './development-auth.js';
import { developmentToken } from './development-token.js';
import { reportFailure } from './failure.js';
import { UsageError } from './usage-error.js';

const HELP = `Usage: npm run token -- --sub NAME [--scope SCOPE] [--ttl TIME]

Prints an access token for development; with --silent, after npm run, nothing else.

  --sub    whom it speaks for; what they ask for is logged under this name
  --scope  what it allows, scopes separated by blanks (default: aggregations:read)
  --ttl    how long it is valid, as 90s, 15min, 1h or 7d (default: 1h)

Environment: JWT_DEVELOPMENT_SECRET, and JWT_ISSUER and JWT_AUDIENCE if the service has them. Where no
secret is set, that of npm start in this folder.

Example:
  curl -H "Authorization: Bearer $(npm run --silent token -- --sub me)" \\
       'http://localhost:3000/aggregations/messages?group_by=month&from=2024-01-01&to=2024-12-31'
`;

const TTL = /^(\d{1,6})(s|min|h|d)$/;
const SECONDS = { s: 1, min: 60, h: 3_600, d: 86_400 };

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        sub: { type: 'string' },
        scope: { type: 'string', default: 'aggregations:read' },
        ttl: { type: 'string', default: '1h' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    if (!values.sub) throw new UsageError('Give --sub NAME; --help tells more.');
    const auth = readAuthConfig(withDevelopmentAuth(process.env));
    const { sub, scope } = values;
    const token = await developmentToken(auth, { sub, scope, ttlSeconds: seconds(values.ttl) });
    process.stdout.write(`${token}\n`);
    return 0;
  } catch (error) {
    return reportFailure(error);
  }
}

function seconds(text: string): number {
  const [, amount, unit] = TTL.exec(text) ?? [];
  if (unit === undefined || Number(amount) === 0) {
    throw new UsageError(`--ttl must be a time as 90s, 15min, 1h or 7d, not "${text}"`);
  }
  return Number(amount) * SECONDS[unit as keyof typeof SECONDS];
}
