import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { developmentToken } from '../scripts/development-token.js';
import { smoke, type StepResult } from '../scripts/smoke/smoke.js';
import { readAuthConfig } from '../src/config/index.js';
import { runCommand } from './harness/command.js';
import { get } from './harness/http.js';
import { startService, type TestService } from './harness/service.js';

const SECRET = { JWT_DEVELOPMENT_SECRET: 'a secret of this test and of no other' };
const DEADLINE_MS = 2_000;

let service: TestService;
let token: string;

beforeAll(async () => {
  service = await startService(SECRET);
  const request = { sub: 'smoke', scope: 'aggregations:read', ttlSeconds: 600 };
  token = await developmentToken(readAuthConfig(SECRET), request);
});

afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

function run(...args: string[]) {
  return runCommand('smoke', args, { cwd: process.cwd() });
}

describe('npm run smoke', () => {
  it('finds a service as promised', async () => {
    const { code, stdout, stderr } = await run(
      '--url',
      service.url,
      '--management-url',
      service.managementUrl,
      '--token',
      token,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const steps = stdout.trimEnd().split('\n');
    expect(steps).toHaveLength(10);
    expect(steps.filter((line) => !line.startsWith('ok '))).toEqual([]);
  });

  it('leaves two messages behind', async () => {
    const { stdout } = await run('--url', service.url);
    const tag = /under (\S+),/.exec(stdout)?.[1];
    expect((await get(service.url, `/messages?tag=${tag}`)).body).toHaveLength(2);
  });

  it('says what it has skipped', async () => {
    const { code, stdout } = await run('--url', service.url);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^skipped aggregate +no --token$/m);
    expect(stdout).toMatch(/^skipped metrics +no --management-url$/m);
  });

  it('fails where nothing listens, and says so', async () => {
    const { code, stdout, stderr } = await run('--url', `http://127.0.0.1:${await closedPort()}`);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^failed {2}post .*ECONNREFUSED/m);
    expect(stdout).toMatch(/^skipped read +nothing was posted$/m);
    expect(stderr).toContain('is not as promised: post');
  });

  it.each([
    [[], '--url'],
    [['--url', 'localhost:3000'], '--url must be an http'],
    [['--url', 'http://x', '--timeout', '0'], '--timeout must be'],
    [['--url', 'http://x', '--verbose'], '--verbose'],
  ])('refuses %j', async (args, reason) => {
    const { code, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(reason) });
  });
});

/** Changes an answer on its way: its status, its headers, its text. */
interface Answer {
  status: number;
  headers: Headers;
  text: string;
}
type Tamper = (request: { method: string; path: string; token: boolean }, answer: Answer) => void;

const isPage = (path: string) => path.startsWith('/messages?');

const managementBreakages: readonly (readonly [step: string, what: string, tamper: Tamper])[] = [
  [
    'health',
    'the process is not ready',
    ({ path }, answer) => {
      if (path === '/health/ready') answer.status = 503;
    },
  ],
  [
    'metrics',
    'no request is measured',
    ({ path }, answer) => {
      if (path === '/metrics') answer.text = answer.text.replaceAll('http_server', 'other');
    },
  ],
  [
    'metrics',
    'the build is not told',
    ({ path }, answer) => {
      if (path === '/metrics') answer.text = answer.text.replaceAll('build_info', 'other');
    },
  ],
];

const breakages: readonly (readonly [step: string, what: string, tamper: Tamper])[] = [
  [
    'post',
    'posts are answered 503',
    (_, answer) => {
      if (answer.status === 201) answer.status = 503;
    },
  ],
  [
    'post',
    'another message is answered',
    ({ method }, answer) => {
      if (method === 'POST') answer.text = answer.text.replace('of 2', 'of 3');
    },
  ],
  [
    'read',
    'a page is stale',
    ({ path }, answer) => {
      if (isPage(path) && !path.includes('limit')) answer.text = '[]';
    },
  ],
  [
    'page',
    'Link leads to the same page',
    ({ path }, answer) => {
      if (isPage(path) && path.includes('limit'))
        answer.headers.set('link', `<${path}>; rel="next"`);
    },
  ],
  ['page', 'there is no Link', (_, answer) => answer.headers.delete('link')],
  [
    'by id',
    'a message is not found by its id',
    ({ path }, answer) => {
      if (path.startsWith('/messages/')) answer.status = 404;
    },
  ],
  [
    'bad input',
    'bad input is an error of the server',
    (_, answer) => {
      if (answer.status === 400) answer.status = 500;
    },
  ],
  [
    'bad input',
    'bad input is refused without naming the field',
    (_, answer) => {
      if (answer.status === 400) answer.text = '{}';
    },
  ],
  [
    'closed',
    'counts are open to anybody',
    ({ path, token }, answer) => {
      if (path.startsWith('/aggregations') && !token) answer.status = 200;
    },
  ],
  [
    'closed',
    '401 does not say how to be let in',
    (_, answer) => {
      answer.headers.delete('www-authenticate');
    },
  ],
  [
    'aggregate',
    'a message is not counted',
    ({ path }, answer) => {
      if (path.startsWith('/aggregations'))
        answer.text = answer.text.replace('"messages":2', '"messages":1');
    },
  ],
  [
    'not public',
    'metrics are public',
    ({ path }, answer) => {
      if (path === '/metrics') answer.status = 200;
    },
  ],
];

describe(smoke.name, () => {
  it.each(breakages)('fails at "%s" where %s', async (step, _, tamper) => {
    await using proxy = await TamperingProxy.before(service.url, tamper);
    const results = await smoke(
      { url: proxy.url, token, deadlineMs: DEADLINE_MS },
      () => undefined,
    );
    expect(failed(results)).toEqual([step]);
  });

  it.each(managementBreakages)('fails at "%s" where %s', async (step, _, tamper) => {
    await using proxy = await TamperingProxy.before(service.managementUrl, tamper);
    const url = new URL(service.url);
    const options = { url, managementUrl: proxy.url, deadlineMs: DEADLINE_MS };
    expect(failed(await smoke(options, () => undefined))).toEqual([step]);
  });

  it('asks again where the service is busy for a moment', async () => {
    let refusals = 0;
    const busy: Tamper = ({ method }, answer) => {
      if (method !== 'POST' || refusals++ > 0) return;
      answer.status = 503;
      answer.headers.set('retry-after', '1');
    };
    await using proxy = await TamperingProxy.before(service.url, busy);
    const results = await smoke({ url: proxy.url, deadlineMs: 5_000 }, () => undefined);
    expect(failed(results)).toEqual([]);
    expect(refusals).toBeGreaterThan(1);
  });

  it('does not wait for ever for an answer', async () => {
    const server = createServer(() => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const results = await smoke({ url: urlOf(server), deadlineMs: 100 }, () => undefined);
      expect(failed(results)).toEqual(['post', 'bad input', 'closed', 'not public']);
      expect(results.find(({ step }) => step === 'post')?.detail).toContain(
        'no answer within 100 ms',
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('reaches a service that stands below a path', async () => {
    const proxied: string[] = [];
    await using proxy = await TamperingProxy.before(
      service.url,
      ({ path }) => proxied.push(path),
      '/v1',
    );
    const url = new URL('/v1', proxy.url);
    const results = await smoke({ url, token, deadlineMs: DEADLINE_MS }, () => undefined);
    expect(failed(results)).toEqual([]);
    expect(proxied.length).toBeGreaterThan(0);
  });
});

function failed(results: readonly StepResult[]): string[] {
  return results.filter(({ outcome }) => outcome === 'failed').map(({ step }) => step);
}

/** Stands before a service and changes what it answers. */
class TamperingProxy implements AsyncDisposable {
  static async before(target: string, tamper: Tamper, below = ''): Promise<TamperingProxy> {
    const server = createServer((request, response) => {
      void (async () => {
        const { method = 'GET', url = '' } = request;
        const path = url.startsWith(below) ? url.slice(below.length) : '/outside';
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const passed = ['content-type', 'authorization', 'idempotency-key'] as const;
        const headers = passed.flatMap((name) => {
          const value = request.headers[name];
          return typeof value === 'string' ? [[name, value] as [string, string]] : [];
        });
        const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
        const upstream = await fetch(`${target}${path}`, { method, headers, ...body });
        const answer = {
          status: upstream.status,
          headers: new Headers(upstream.headers),
          text: await upstream.text(),
        };
        tamper({ method, path, token: request.headers.authorization !== undefined }, answer);
        for (const name of ['content-length', 'connection', 'transfer-encoding', 'keep-alive']) {
          answer.headers.delete(name);
        }
        response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(answer.text);
      })().catch((error: unknown) => response.destroy(error as Error));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TamperingProxy(server);
  }

  private constructor(private readonly server: Server) {}

  get url(): URL {
    return urlOf(this.server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function urlOf(server: Server): URL {
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

async function closedPort(): Promise<string> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = urlOf(server);
  server.close();
  await once(server, 'close');
  return port;
}
