import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { EXIT_FAILED, EXIT_INTERRUPTED, reportFailure } from './failure.js';
import { interruptible } from './import/interrupt.js';
import { type Act, ACTS, brokenPromises } from './rehearse/acts.js';
import { allOf, faultsOf } from './rehearse/audit.js';
import { Customers } from './rehearse/customers.js';
import { type Played, table } from './rehearse/playbill.js';
import { Stage } from './rehearse/stage.js';
import { Tally } from './rehearse/tally.js';
import { integerOption, UsageError } from './usage-error.js';

const HELP = `Usage: npm run rehearse -- [--only ACT,ACT] [--seconds N] [--customers N]

Rehearses production on this machine: two processes of the production build behind HAProxy, two
PostgreSQL shards with a replica each, Redis. While customers post and read, one thing after another
goes wrong:

${ACTS.map(({ name }, index) => `  ${index}  ${name}`).join('\n')}

Prints a table of requests, errors and latencies (in milliseconds) for each act. No GET may fail in
any of them, no acknowledged message be missed by a GET, no POST be lost or doubled; none may fail at
all but while a primary is away, when it is repeated with its Idempotency-Key.

  --only       these acts only, by their numbers
  --seconds    how long each state of an act is held (default 5)
  --customers  how many post and read at once (default 16)

Ends with 1 if a promise was broken. Needs haproxy and redis-server, which are installed from Debian's
packages where it runs as root.
`;

const TAGS = Array.from({ length: 24 }, (_, index) => `rehearsal-${index}`);
/** Short: a restart that fails requests does so within the tenth of a second that nobody noticed. */
const PAUSE_MS = 5;
/** Of each kind of broken promise, so many are told. */
const TOLD = 20;

interface Options {
  readonly acts: readonly Act[];
  readonly seconds: number;
  readonly customers: number;
}

export async function main(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: 'string' },
        seconds: { type: 'string', default: '5' },
        customers: { type: 'string', default: '16' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const options = {
      acts: chosen(values.only),
      seconds: integerOption('seconds', values.seconds, 1, 600),
      customers: integerOption('customers', values.customers, 1, 256),
    };
    return await interruptible((interrupted) => rehearse(options, interrupted));
  } catch (error) {
    return reportFailure(error);
  }
}

async function rehearse(options: Options, interrupted: AbortSignal): Promise<number> {
  await using stage = await Stage.build(say);
  const customers = new Customers(
    { url: stage.url, count: options.customers, tags: TAGS, pauseMs: PAUSE_MS },
    new Tally(),
  );
  const played: Played[] = [];
  const hold = () =>
    sleep(options.seconds * 1_000, undefined, { signal: interrupted }).catch(() => undefined);
  try {
    for (const act of options.acts) {
      say(`${act.name} ...`);
      const tally = new Tally();
      played.push({ act, tally });
      customers.countIn(tally);
      await act.play(stage, hold);
      if (interrupted.aborted) return EXIT_INTERRUPTED;
    }
  } finally {
    await customers.stop();
  }
  const faults = await audit(stage, customers);
  process.stdout.write(`${table(played)}\n`);
  const broken = [
    ...played.flatMap(({ act, tally }) =>
      brokenPromises(act, tally).map((each) => `${act.name}: ${each}`),
    ),
    ...faults,
  ];
  for (const each of broken.slice(0, TOLD)) process.stdout.write(`BROKEN ${each}\n`);
  if (broken.length > TOLD) process.stdout.write(`and ${broken.length - TOLD} more\n`);
  return broken.length === 0 ? 0 : EXIT_FAILED;
}

async function audit(stage: Stage, { acknowledged, unknown }: Customers): Promise<string[]> {
  say(`looking for ${acknowledged.length} acknowledged messages ...`);
  const stored = await Promise.all(TAGS.map((tag) => allOf(stage.url, tag)));
  return faultsOf(stored.flat(), acknowledged, unknown);
}

function chosen(only: string | undefined): readonly Act[] {
  if (only === undefined) return ACTS;
  return only.split(',').map((text) => {
    const act = ACTS[integerOption('only', text, 0, ACTS.length - 1)];
    if (!act) throw new UsageError(`--only: there is no act ${text}`);
    return act;
  });
}

function say(message: string): void {
  process.stderr.write(`[rehearse] ${message}\n`);
}
