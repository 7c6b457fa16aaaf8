import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { waitUntil, DeadlineError } from '../embedded-postgres/wait-until.js';
import { type Answer, type Asker, expectStatus, expectThat } from './ask.js';

export interface SmokeTarget {
  readonly api: Asker;
  /** Undefined where it cannot be reached from here. */
  readonly management: Asker | undefined;
  /** An access token with the scope aggregations:read. */
  readonly token: string | undefined;
  /** For what may take a moment: a count comes from a replica. */
  readonly deadlineMs: number;
}

/** What one step leaves for the next. */
export interface SmokeNotes {
  readonly tag: string;
  readonly posted: Message[];
}

export interface Message {
  readonly id: string;
  readonly message: string;
  readonly tag: string;
  readonly created_at: string;
}

export interface Step {
  readonly name: string;
  /** Answers what was seen, in a word or two; throws SmokeError. */
  readonly run: (target: SmokeTarget, notes: SmokeNotes) => Promise<string>;
  /** Why it cannot run, if so. */
  readonly skip?: (target: SmokeTarget, notes: SmokeNotes) => string | undefined;
}

const MESSAGES = 2;
const HOUR_MS = 3_600_000;

const withoutManagement = ({ management }: SmokeTarget) =>
  management ? undefined : 'no --management-url';
const withoutToken = ({ token }: SmokeTarget) => (token === undefined ? 'no --token' : undefined);
const withoutMessages = (_: SmokeTarget, { posted }: SmokeNotes) =>
  posted.length < MESSAGES ? 'nothing was posted' : undefined;

export const STEPS: readonly Step[] = [
  { name: 'health', run: health, skip: withoutManagement },
  { name: 'post', run: post },
  { name: 'read', run: read, skip: withoutMessages },
  { name: 'page', run: page, skip: withoutMessages },
  { name: 'by id', run: byId, skip: withoutMessages },
  { name: 'bad input', run: badInput },
  { name: 'closed', run: closed },
  {
    name: 'aggregate',
    run: aggregate,
    skip: (target, notes) => withoutToken(target) ?? withoutMessages(target, notes),
  },
  { name: 'metrics', run: metrics, skip: withoutManagement },
  { name: 'not public', run: notPublic },
];

async function health({ management }: SmokeTarget): Promise<string> {
  for (const part of ['live', 'startup', 'ready']) {
    expectStatus(await ask(management, `health/${part}`), 200);
  }
  return 'live, started, ready';
}

async function post({ api }: SmokeTarget, { tag, posted }: SmokeNotes): Promise<string> {
  for (let index = 1; index <= MESSAGES; index++) {
    const body = { message: `smoke test, ${index} of ${MESSAGES}`, tag };
    const headers = { 'idempotency-key': `"${randomUUID()}"` };
    const answer = await api.ask('messages', { method: 'POST', body, headers });
    expectStatus(answer, 201);
    const message = answer.body as Message;
    expectThat(
      message.message === body.message && message.tag === tag,
      `POST answers another message: ${JSON.stringify(message)}`,
    );
    expectThat(
      answer.headers.get('location')?.endsWith(`/messages/${message.id}`) === true,
      `Location is ${answer.headers.get('location')}, which is not that of ${message.id}`,
    );
    const again = await api.ask('messages', { method: 'POST', body, headers });
    expectStatus(again, 201);
    expectThat(
      isDeepStrictEqual(again.body, message),
      `the same POST with the same Idempotency-Key is another message: ${JSON.stringify(again.body)}`,
    );
    posted.unshift(message);
  }
  return `${MESSAGES} messages under ${tag}, each sent twice`;
}

async function read({ api }: SmokeTarget, { tag, posted }: SmokeNotes): Promise<string> {
  const answer = await api.ask(`messages?tag=${tag}`);
  expectStatus(answer, 200);
  expectThat(
    isDeepStrictEqual(answer.body, posted),
    `GET does not show what was posted, newest first, but ${JSON.stringify(answer.body)}`,
  );
  return 'what was posted, newest first';
}

async function page({ api }: SmokeTarget, { tag, posted }: SmokeNotes): Promise<string> {
  const seen: unknown[] = [];
  let next: URL | undefined = api.at(`messages?tag=${tag}&limit=1`);
  while (next && seen.length <= MESSAGES) {
    const answer: Answer = await api.ask(next);
    expectStatus(answer, 200);
    seen.push(...(answer.body as unknown[]));
    next = nextPage(answer);
  }
  expectThat(
    isDeepStrictEqual(seen, posted),
    `pages of one message by Link show ${JSON.stringify(seen)}`,
  );
  return `${MESSAGES} pages by Link`;
}

async function byId({ api }: SmokeTarget, { posted }: SmokeNotes): Promise<string> {
  for (const message of posted) {
    const answer = await api.ask(`messages/${message.id}`);
    expectStatus(answer, 200);
    expectThat(
      isDeepStrictEqual(answer.body, message),
      `GET by id shows another message: ${JSON.stringify(answer.body)}`,
    );
  }
  return 'the same messages';
}

async function badInput({ api }: SmokeTarget, { tag }: SmokeNotes): Promise<string> {
  const answer = await api.ask('messages', { method: 'POST', body: { message: '', tag } });
  expectStatus(answer, 400);
  const { errors = [] } = answer.body as { errors?: { pointer: string }[] };
  expectThat(
    errors.some(({ pointer }) => pointer === '#/message'),
    `an empty message is refused without naming the field: ${JSON.stringify(answer.body)}`,
  );
  return '400, names the field';
}

async function closed({ api }: SmokeTarget, { tag }: SmokeNotes): Promise<string> {
  const answer = await api.ask(countsOfToday(tag));
  expectStatus(answer, 401);
  expectThat(
    /^Bearer\b/i.test(answer.headers.get('www-authenticate') ?? ''),
    '401 comes without WWW-Authenticate',
  );
  return '401 without a token';
}

async function aggregate(target: SmokeTarget, { tag, posted }: SmokeNotes): Promise<string> {
  const { api, token = '', deadlineMs } = target;
  const headers = { authorization: `Bearer ${token}` };
  let counted: number | undefined;
  const all = waitUntil('the count', deadlineMs, async () => {
    const answer = await api.ask(countsOfToday(tag), { headers });
    expectStatus(answer, 200);
    const { aggregates } = answer.body as { aggregates: { messages: number }[] };
    counted = aggregates.reduce((sum, { messages }) => sum + messages, 0);
    return counted >= posted.length;
  });
  await all.catch((error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
  });
  expectThat(
    counted === posted.length,
    `${posted.length} messages were posted, ${counted} counted`,
  );
  return `${counted} messages counted`;
}

async function metrics({ management }: SmokeTarget): Promise<string> {
  const answer = await ask(management, 'metrics');
  expectStatus(answer, 200);
  const text = String(answer.body);
  const build = /^messages_build_info\{([^}]*)\} 1$/m.exec(text)?.[1];
  expectThat(build !== undefined, 'metrics have no messages_build_info');
  // How many requests it has counted says nothing: others may have had those of this test.
  expectThat(
    text.includes('# TYPE http_server_request_duration_seconds histogram'),
    'metrics have no http_server_request_duration_seconds',
  );
  return build;
}

async function notPublic({ api }: SmokeTarget): Promise<string> {
  for (const path of ['metrics', 'health/live', 'health/ready']) {
    expectStatus(await api.ask(path), 404);
  }
  return 'health and metrics are not public';
}

function ask(asker: Asker | undefined, path: string): Promise<Answer> {
  if (!asker) throw new Error('there is no management URL');
  return asker.ask(path);
}

function nextPage({ url, headers }: Answer): URL | undefined {
  const [, target] = /<([^>]+)>\s*;\s*rel="next"/.exec(headers.get('link') ?? '') ?? [];
  if (target === undefined) return undefined;
  // The service may stand below a path that it does not know of.
  const next = new URL(target, url);
  return Object.assign(new URL(url), { search: next.search });
}

/** Around midnight the messages may be of either day. */
function countsOfToday(tag: string): string {
  const query = { group_by: 'day', from: dayIn(-HOUR_MS), to: dayIn(HOUR_MS), tag };
  return `aggregations/messages?${new URLSearchParams(query).toString()}`;
}

function dayIn(offsetMs: number): string {
  return new Date(Date.now() + offsetMs).toISOString().slice(0, 10);
}
