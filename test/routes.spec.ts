import { expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readConfig } from '../src/config/index.js';
import { migrate } from '../src/database/index.js';
import { wireApp } from '../src/server.js';
import { TestDatabases } from './harness/databases.js';
import { send } from './harness/http.js';

const PUBLIC = [
  'GET /messages',
  'GET /messages/:id',
  'POST /messages',
  'GET /openapi.json',
  'GET /openapi.yaml',
];
/** Others are 405 on every path, and fetch cannot send some of them. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** The page to try the API from: what it is made of is not the project's. */
const DOCS = /^GET \/(docs|swagger)/;

it('every route asks for an access token, but for those that are listed here', async () => {
  await using databases = await TestDatabases.create();
  const config = readConfig(databases.env());
  await migrate(config.database, () => undefined);
  const routes = new Set<string>();
  const { app, init } = await wireApp(config, (module, adapter, options) => {
    adapter.getInstance().addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) routes.add(`${each} ${url}`);
    });
    return NestFactory.create<NestFastifyApplication>(module, adapter, options);
  });
  try {
    await init();
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const statuses = new Map<string, number>();
    for (const route of routes) {
      const [method = '', path = ''] = route.split(' ');
      if (!METHODS.includes(method)) continue;
      const { status } = await send(url, { method, path: path.replace(':id', 'x'), headers: {} });
      // 405: a method that the path does not have.
      if (status !== 405) statuses.set(route, status);
    }
    const guarded = [...statuses].filter(([, status]) => status === 401).map(([route]) => route);
    const open = [...statuses.keys()].filter((route) => !guarded.includes(route));
    expect(guarded.filter((route) => !route.startsWith('HEAD')).toSorted()).toEqual([
      'GET /aggregations/messages',
      'GET /aggregations/tags',
    ]);
    expect(
      open.filter((route) => !DOCS.test(route) && !route.startsWith('HEAD')).toSorted(),
    ).toEqual(PUBLIC.toSorted());
    for (const route of open.filter((each) => each.startsWith('HEAD'))) {
      expect(open).toContain(route.replace('HEAD', 'GET'));
    }
  } finally {
    await app.close();
  }
});
